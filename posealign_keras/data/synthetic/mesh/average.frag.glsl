// The mean of the samples of a pixel.
#version 330

uniform sampler2D samples;
uniform int samples_per_side;
uniform int first_row;

out vec4 colour;

void main() {
    ivec2 first = samples_per_side * (ivec2(gl_FragCoord.xy) - ivec2(0, first_row));
    colour = vec4(0);
    for (int row = 0; row < samples_per_side; row++)
        for (int column = 0; column < samples_per_side; column++)
            colour += texelFetch(samples, first + ivec2(column, row), 0);
    colour /= float(samples_per_side * samples_per_side);
}
