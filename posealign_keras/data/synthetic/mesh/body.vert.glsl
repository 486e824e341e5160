// Skins a body at rest into its pose and puts it before a camera.
#version 330

// Rows of the 3x4 matrices that take the body at rest into the camera frame, bone after bone.
uniform vec4 bones[3 * BONE_COUNT];
// Focal length in picture widths.
uniform float focal_length;

in vec3 position;
in vec3 normal;
in vec4 bone;
in vec4 weight;
in vec3 place;  // on the template
in float layer;
in vec4 limb;  // arm, arm_reach, leg, leg_reach
in vec3 cloth;

out vec3 point;
out vec3 facing;
out vec3 spot;
out vec4 reach;
out vec3 weave;
flat out int surface;

const float NEAREST = 0.05;
const float FARTHEST = 200.0;

void main() {
    vec4 rows[3] = vec4[3](vec4(0), vec4(0), vec4(0));
    for (int i = 0; i < 4; i++) {
        int first = 3 * int(bone[i]);
        for (int row = 0; row < 3; row++) rows[row] += weight[i] * bones[first + row];
    }
    vec4 rest = vec4(position, 1);
    point = vec3(dot(rows[0], rest), dot(rows[1], rest), dot(rows[2], rest));
    facing = vec3(dot(rows[0].xyz, normal), dot(rows[1].xyz, normal), dot(rows[2].xyz, normal));
    spot = place;
    reach = limb;
    weave = cloth;
    surface = int(layer);
    // y is down in the camera frame and in the rows that are read back, so nothing is turned over.
    float depth = (point.z * (FARTHEST + NEAREST) - 2 * FARTHEST * NEAREST) / (FARTHEST - NEAREST);
    gl_Position = vec4(2 * focal_length * point.xy, depth, point.z);
}
