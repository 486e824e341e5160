// Colours a point of skin, hair or clothes in the light of a scene.
#version 330

struct Fabric {
    vec3 colour;
    vec3 second_colour;
    vec3 waves[2];
    vec2 phases;
};

uniform Fabric shirt;
uniform Fabric trousers;
uniform vec3 front;
uniform float front_width;
uniform float sleeve_length;
uniform float leg_length;
uniform float skirt_length;
uniform float hem;
uniform vec3 neckline;  // height in the middle, rise to the back, curve to the sides
uniform vec3 skin;
uniform vec3 hair;
uniform float hair_length;
uniform float hair_end;
uniform vec4 hairline;  // height over the ears, rise per metre to the front, where the ears are, half a skull
uniform vec3 shoes;
uniform float shoe_height;
uniform vec3 eye;
uniform vec3 mouth;

uniform vec4 folds[FOLD_COUNT];  // wave vector in radian per metre, and phase
uniform vec2 fold_depth;  // of shirt and trousers, in metres

uniform vec3 up;
uniform vec3 sky;
uniform vec3 ground;
uniform int lamps;
uniform vec3 lamp_direction[LAMP_COUNT];
uniform vec3 lamp_colour[LAMP_COUNT];

in vec3 point;
in vec3 facing;
in vec3 spot;
in vec4 reach;
in vec3 weave;
flat in int surface;

out vec4 colour;

const int BODY = 0, EYES = 1, CLOTHES = 2, SKIRT = 3, HAIR = 4;

vec3 woven(Fabric fabric) {
    float first = sin(dot(fabric.waves[0], weave) + fabric.phases.x);
    float second = sin(dot(fabric.waves[1], weave) + fabric.phases.y);
    float mixed = 0.5 + 0.5 * clamp(4 * first, -1, 1) * clamp(4 * second, -1, 1);
    return mix(fabric.second_colour, fabric.colour, mixed);
}

// How high folds of the cloth stand, from -1 to 1.
float folded() {
    float height = 0;
    for (int i = 0; i < FOLD_COUNT; i++) height += cos(dot(folds[i], vec4(weave, 1)));
    return height / sqrt(float(FOLD_COUNT));
}

// Normal of a surface that stands off this one by a height in metres, whose derivatives across the picture are given.
vec3 raised(vec3 outward, vec2 slope) {
    vec3 right = dFdx(point), down = dFdy(point);
    vec3 first = cross(down, outward), second = cross(outward, right);
    float area = dot(right, first);
    return normalize(abs(area) * outward - sign(area) * (slope.x * first + slope.y * second));
}

float scalp_height() {
    return spot.z - (hairline.x + hairline.y * (hairline.z - spot.y));
}

vec3 face() {
    // Measures of the template, in metres, on either side of the face.
    vec2 at = vec2(abs(spot.x), spot.z);
    bool ahead = spot.y < eye.y + 0.045;
    vec2 brow = (at - vec2(eye.x + 0.001, eye.z + 0.019)) / vec2(0.017, 0.0035);
    vec2 lips = (at - mouth.xz) / vec2(0.022, 0.008);
    if (ahead && dot(brow, brow) < 1) return mix(skin, hair, 0.8);
    if (ahead && dot(lips, lips) < 1) return skin * vec3(0.85, 0.6, 0.6);
    bool ear = abs(spot.x) > hairline.w && hair_length <= 1;
    if (scalp_height() > 0 && !ear && hair_length > 0) return hair;
    return skin;
}

vec3 dressed() {
    bool arm = reach.x > 0.5, leg = reach.z > 0.5;
    if (arm) {
        if (reach.y > sleeve_length) discard;
        return woven(shirt);
    }
    if (leg) {
        if (reach.w > shoe_height) return shoes;
        if (reach.w > leg_length) discard;
        return woven(trousers);
    }
    if (spot.z > dot(neckline, vec3(1, spot.y, spot.x * spot.x))) discard;
    if (spot.z < hem) return woven(trousers);
    return weave.y > 0 && abs(weave.x) < 0.5 * front_width ? front : woven(shirt);
}

vec3 albedo() {
    if (surface == BODY) return face();
    if (surface == EYES) {
        vec2 offset = vec2(abs(spot.x), spot.z) - eye.xz;
        return length(offset) < 0.007 ? vec3(0.15, 0.1, 0.08) : vec3(0.9);
    }
    if (surface == CLOTHES) return dressed();
    if (surface == SKIRT) {
        if (reach.w > skirt_length) discard;
        return woven(trousers);
    }
    // The strands that hang over the face are combed back.
    bool over_face = spot.y < eye.y + 0.08 && spot.z < eye.z + 0.06;
    if (spot.z < hair_end || over_face) discard;
    return hair;
}

void main() {
    vec3 outward = normalize(facing);
    bool shoe = surface == CLOTHES && reach.z > 0.5 && reach.w > shoe_height;
    if (surface == CLOTHES || surface == SKIRT) {
        // Before anything is discarded: then the derivatives of the points beside it are undefined.
        bool below = reach.z > 0.5 || surface == SKIRT || (reach.x <= 0.5 && spot.z < hem);
        float height = folded();
        vec3 in_folds = raised(outward, (below ? fold_depth.y : fold_depth.x) * vec2(dFdx(height), dFdy(height)));
        if (!shoe) outward = in_folds;
    }
    vec3 base = albedo();
    // Clothes and hair are thin: their inside is lit as an outside is.
    if (!gl_FrontFacing) outward = -outward;
    // Strands of hair are not all alike.
    float across = abs(spot.x);
    if (base == hair) base *= 1 + 0.25 * sin(400 * across + 9 * sin(60 * spot.y)) * sin(170 * across + 120 * spot.y);
    float upward = 0.5 + 0.5 * dot(outward, up);
    vec3 light = mix(ground, sky, upward);
    for (int i = 0; i < lamps; i++) light += max(dot(outward, lamp_direction[i]), 0.0) * lamp_colour[i];
    colour = vec4(base * light, 1);
}
