#pragma STDC FP_CONTRACT OFF
#include "ck_deformation.h"

void ck_erode_faces(const uint8_t *mask, uint8_t *eroded, const int64_t dimensions[3]) {
    const int64_t nx = dimensions[0], ny = dimensions[1], nz = dimensions[2], plane = nx * ny;
    for (int64_t z = 0; z < nz; z++)
        for (int64_t y = 0; y < ny; y++)
            for (int64_t x = 0; x < nx; x++) {
                const int64_t at = x + nx * y + plane * z;
                const int border = x == 0 || y == 0 || z == 0 || x == nx - 1 || y == ny - 1 || z == nz - 1;
                eroded[at] = !border && mask[at] && mask[at - 1] && mask[at + 1] && mask[at - nx] &&
                             mask[at + nx] && mask[at - plane] && mask[at + plane];
            }
}

static double difference(const float *u, int64_t at, int64_t index, int64_t length, int64_t stride) {
    if (length < 2) return 0;
    if (index == 0) return (double)u[at + stride] - (double)u[at];
    if (index == length - 1) return (double)u[at] - (double)u[at - stride];
    return 0.5 * ((double)u[at + stride] - (double)u[at - stride]);
}

void ck_jacobian_determinants(const float *ux, const float *uy, const float *uz, double scale,
                              const int64_t dimensions[3], const double inverse[9], const int64_t *offsets,
                              int64_t count, double *determinants) {
    const float *u[3] = {ux, uy, uz};
    const int64_t strides[3] = {1, dimensions[0], dimensions[0] * dimensions[1]};
    for (int64_t n = 0; n < count; n++) {
        const int64_t at = offsets[n];
        const int64_t index[3] = {at % dimensions[0], at / strides[1] % dimensions[1], at / strides[2]};
        double j[3][3];
        for (int a = 0; a < 3; a++) {
            double g[3];
            for (int x = 0; x < 3; x++) g[x] = difference(u[a], at, index[x], dimensions[x], strides[x]) * scale;
            for (int b = 0; b < 3; b++)
                j[a][b] = (a == b ? 1.0 : 0.0) + (g[0] * inverse[b] + g[1] * inverse[3 + b] + g[2] * inverse[6 + b]);
        }
        determinants[n] = j[0][0] * (j[1][1] * j[2][2] - j[1][2] * j[2][1]) -
                          j[0][1] * (j[1][0] * j[2][2] - j[1][2] * j[2][0]) +
                          j[0][2] * (j[1][0] * j[2][1] - j[1][1] * j[2][0]);
    }
}
