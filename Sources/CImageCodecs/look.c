#include "clones.h"
#include "musc_image_codecs.h"

#include <string.h>

// Sums are taken lane by lane in one order, and nothing is fused: the result is the same bit for bit on every processor.
#pragma STDC FP_CONTRACT OFF

enum {
    lanes = 8,
    // Values of a row that are smoothed side by side; every side is a multiple of the fewer.
    wide = 48,
    narrow = 24,
};

typedef float vector __attribute__((vector_size(lanes * sizeof(float))));

// The lanes of a place within a row; those beyond the row's end are 0.
#define LOAD(target, source, left)                                                           \
    vector target = {0};                                                                      \
    if ((left) >= lanes) memcpy(&target, (source), sizeof target);                            \
    else memcpy(&target, (source), (size_t)(left) * sizeof(float))

#define SUM(v) (((v)[0] + (v)[4]) + ((v)[2] + (v)[6]) + (((v)[1] + (v)[5]) + ((v)[3] + (v)[7])))

static inline int clamped(int value, int last) { return value < 0 ? 0 : value > last ? last : value; }

static inline __attribute__((always_inline)) void smooth_block(
    const float *const *rows, const float *kernel, int taps, int width, float *output) {
    float sums[wide] = {0};
    for (int tap = 0; tap < taps; tap++) {
        for (int lane = 0; lane < width; lane++) sums[lane] += kernel[tap] * rows[tap][lane];
    }
    memcpy(output, sums, (size_t)width * sizeof(float));
}

/// Values side by side in a row: `rows` are where they lie for each tap, and move on.
MUSC_FOR_EACH_PROCESSOR
static void smooth(const float **rows, int side, const float *kernel, int taps, float *output) {
    for (int x = 0; x < side;) {
        int width = side - x >= wide ? wide : narrow;
        if (width == wide) {
            smooth_block(rows, kernel, taps, wide, output + x);
        } else {
            smooth_block(rows, kernel, taps, narrow, output + x);
        }
        for (int tap = 0; tap < taps; tap++) rows[tap] += width;
        x += width;
    }
}

void musc_look_smoothed(const float *image, int side, const float *kernel, int taps, float *scratch, float *output) {
    float padded[musc_look_side + musc_look_taps];
    const float *rows[musc_look_taps];
    int reach = taps / 2;
    for (int y = 0; y < side; y++) {
        for (int tap = 0; tap < taps; tap++) rows[tap] = image + clamped(y + tap - reach, side - 1) * side;
        smooth(rows, side, kernel, taps, scratch + y * side);
    }
    for (int y = 0; y < side; y++) {
        const float *row = scratch + y * side;
        for (int x = 0; x < side + 2 * reach; x++) padded[x] = row[clamped(x - reach, side - 1)];
        for (int tap = 0; tap < taps; tap++) rows[tap] = padded + tap;
        smooth(rows, side, kernel, taps, output + y * side);
    }
}

static inline float between(float value, float last) { return value < 0 ? 0 : value > last ? last : value; }

MUSC_FOR_EACH_PROCESSOR
void musc_look_warped(const float *image, int side, const double *map, float *output) {
    double center = (double)(side - 1) / 2;
    float last = (float)(side - 1), step_y = (float)map[3], step_x = (float)(1 + map[5]);
    for (int y = 0; y < side; y++) {
        double v = (double)y - center;
        float source_y = (float)((double)y + (double)side * map[0] + map[2] * v - map[3] * center);
        float source_x = (float)((double)side * map[1] + map[4] * v - map[5] * center);
        float *row = output + (size_t)y * (size_t)side;
        // Apart, so that only these sums have to wait for each other.
        float at_y[musc_look_side], at_x[musc_look_side];
        for (int x = 0; x < side; x++) {
            at_y[x] = source_y;
            at_x[x] = source_x;
            source_y += step_y;
            source_x += step_x;
        }
        int first[musc_look_side];
        for (int x = 0; x < side; x++) {
            float down = between(at_y[x], last), right = between(at_x[x], last);
            int top = (int)down, left = (int)right;
            top = top < side - 2 ? top : side - 2;
            left = left < side - 2 ? left : side - 2;
            at_y[x] = down - (float)top;
            at_x[x] = right - (float)left;
            first[x] = top * side + left;
        }
        float corners[4][musc_look_side];
        for (int x = 0; x < side; x++) {
            const float *corner = image + first[x];
            corners[0][x] = corner[0];
            corners[1][x] = corner[1];
            corners[2][x] = corner[side];
            corners[3][x] = corner[side + 1];
        }
        for (int x = 0; x < side; x++) {
            float above = corners[0][x] + at_x[x] * (corners[1][x] - corners[0][x]);
            float below = corners[2][x] + at_x[x] * (corners[3][x] - corners[2][x]);
            row[x] = above + at_y[x] * (below - above);
        }
    }
}

MUSC_FOR_EACH_PROCESSOR
void musc_look_strengths(const float *a, const float *b, int side, int margin, float *both, float *own) {
    vector ab = {0}, bb = {0};
    for (int y = margin; y < side - margin; y++) {
        for (int x = margin; x < side - margin; x += lanes) {
            int at = y * side + x, left = side - margin - x;
            LOAD(p, a + at, left);
            LOAD(q, b + at, left);
            ab += p * q;
            bb += q * q;
        }
    }
    *both = SUM(ab);
    *own = SUM(bb);
}

MUSC_FOR_EACH_PROCESSOR
void musc_look_slopes(const float *image, int side, int margin, float *down, float *right, double *sums) {
    float scale = (float)side / 2, center = (float)(side - 1) / 2;
    for (int i = 0; i < 18; i++) sums[i] = 0;
    for (int y = margin; y < side - margin; y++) {
        double v = ((float)y - center) / (float)side;
        vector one[3] = {{0}}, u1[3] = {{0}}, u2[3] = {{0}};
        for (int x = margin; x < side - margin; x += lanes) {
            int at = y * side + x, left = side - margin - x;
            LOAD(under, image + at + side, left);
            LOAD(over, image + at - side, left);
            LOAD(after, image + at + 1, left);
            LOAD(before, image + at - 1, left);
            vector d = (under - over) * scale, r = (after - before) * scale;
            size_t used = (size_t)(left < lanes ? left : lanes) * sizeof(float);
            memcpy(down + at, &d, used);
            memcpy(right + at, &r, used);
            vector u;
            for (int lane = 0; lane < lanes; lane++) u[lane] = ((float)(x + lane) - center) / (float)side;
            vector products[3] = {d * d, d * r, r * r};
            for (int i = 0; i < 3; i++) {
                one[i] += products[i];
                u1[i] += products[i] * u;
                u2[i] += products[i] * u * u;
            }
        }
        for (int i = 0; i < 3; i++) {
            double plain = SUM(one[i]), once = SUM(u1[i]), twice = SUM(u2[i]);
            double *sum = sums + 6 * i;
            sum[0] += plain;
            sum[1] += v * plain;
            sum[2] += once;
            sum[3] += v * v * plain;
            sum[4] += v * once;
            sum[5] += twice;
        }
    }
}

MUSC_FOR_EACH_PROCESSOR
void musc_look_products(
    const float *a, const float *b, const float *down, const float *right, int side, int margin, float gain,
    double *sums) {
    float center = (float)(side - 1) / 2;
    for (int i = 0; i < 6; i++) sums[i] = 0;
    for (int y = margin; y < side - margin; y++) {
        double v = ((float)y - center) / (float)side;
        vector d0 = {0}, d1 = {0}, r0 = {0}, r1 = {0};
        for (int x = margin; x < side - margin; x += lanes) {
            int at = y * side + x, left = side - margin - x;
            LOAD(p, a + at, left);
            LOAD(q, b + at, left);
            LOAD(d, down + at, left);
            LOAD(r, right + at, left);
            vector u;
            for (int lane = 0; lane < lanes; lane++) u[lane] = ((float)(x + lane) - center) / (float)side;
            vector rest = gain * q - p;
            d0 += rest * d;
            d1 += rest * d * u;
            r0 += rest * r;
            r1 += rest * r * u;
        }
        double of_d = SUM(d0), of_r = SUM(r0);
        sums[0] += of_d;
        sums[1] += of_r;
        sums[2] += v * of_d;
        sums[3] += SUM(d1);
        sums[4] += v * of_r;
        sums[5] += SUM(r1);
    }
}

MUSC_FOR_EACH_PROCESSOR
void musc_look_square(const float *a, const float *b, int side, int top, int left, int square, float *sums) {
    vector sa = {0}, sb = {0}, aa = {0}, bb = {0}, ab = {0};
    for (int y = top; y < top + square; y++) {
        for (int x = 0; x < square; x += lanes) {
            int at = y * side + left + x;
            LOAD(p, a + at, square - x);
            LOAD(q, b + at, square - x);
            sa += p;
            sb += q;
            aa += p * p;
            bb += q * q;
            ab += p * q;
        }
    }
    sums[0] = SUM(sa);
    sums[1] = SUM(sb);
    sums[2] = SUM(aa);
    sums[3] = SUM(bb);
    sums[4] = SUM(ab);
}

MUSC_FOR_EACH_PROCESSOR
float musc_look_product(const float *a, const float *b, int count) {
    vector sum = {0};
    for (int i = 0; i < count; i += lanes) {
        LOAD(p, a + i, count - i);
        LOAD(q, b + i, count - i);
        sum += p * q;
    }
    return SUM(sum);
}
