#include "shape.h"

#pragma STDC FP_CONTRACT OFF

/* Bounds of a primitive's distance within a box.
   They are found in double precision by interval arithmetic and widened by what single precision can lose, so that a
   caller may leave out what cannot matter without changing a bit. */

typedef struct {
    double lo, hi;
} span;

static inline double least(double a, double b) { return a < b ? a : b; }
static inline double most(double a, double b) { return a > b ? a : b; }
static inline double magnitude(double a) { return a < 0.0 ? -a : a; }

/* Single precision keeps 6e-8 of each term; three terms, a difference and a product lose less than this share. */
static const double ROUNDING = 5e-7;

static inline cp_range widened(double lo, double hi, double slack) {
    cp_range r = {(float)(lo - slack - 1e-3 - 1e-5 * magnitude(lo)), (float)(hi + slack + 1e-3 + 1e-5 * magnitude(hi))};
    return r;
}

/* Coordinate along one row of a frame, relative to the centre, mm. */
static inline span along(const float *row, const float *centre, const double *middle, const double *half) {
    double at = 0.0, reach = 0.0, terms = 0.0;
    for (int a = 0; a < 3; a++) {
        double m = row[a], d = middle[a] - (double)centre[a];
        at += m * d;
        reach += magnitude(m) * half[a];
        terms += magnitude(m) * (magnitude(d) + half[a]);
    }
    reach += ROUNDING * terms;
    span r = {at - reach, at + reach};
    return r;
}

static inline span absolute(span x) {
    span r = {x.lo > 0.0 ? x.lo : (x.hi < 0.0 ? -x.hi : 0.0), most(-x.lo, x.hi)};
    return r;
}

/* (k0 - 1) k0 / k1 of an ellipsoid or elliptic cylinder whose normalised coordinates have these magnitudes. */
static cp_range ellipsoidal(const span *q, const float *inv, int n) {
    double a = 0.0, b = 0.0, c = 0.0, d = 0.0, thin = inv[0], wide = inv[0];
    for (int i = 0; i < n; i++) {
        const double v = inv[i];
        a += q[i].lo * q[i].lo;
        b += q[i].hi * q[i].hi;
        c += q[i].lo * q[i].lo * v * v;
        d += q[i].hi * q[i].hi * v * v;
        thin = most(thin, v);
        wide = least(wide, v);
    }
    const double k0lo = __builtin_sqrt(a), k0hi = __builtin_sqrt(b), k1lo = __builtin_sqrt(c), k1hi = __builtin_sqrt(d);
    /* k0 / k1 is the radius in some direction, unless k1 is below its floor of 1e-5. */
    const double floor = 1e-5;
    double slo = k0lo / most(k1hi, floor), shi = least(k0hi / most(k1lo, floor), 1.0 / wide);
    if (k1lo > 1.01 * floor) slo = most(slo, 1.0 / thin);
    const double slack = 2e-6 * shi * most(k0hi, 1.0);
    return widened(
        (k0lo - 1.0) * (k0lo > 1.0 ? slo : shi), (k0hi - 1.0) * (k0hi > 1.0 ? shi : slo), slack);
}

static cp_range ellipsoid(const cp_primitive *p, const double *middle, const double *half) {
    span q[3];
    for (int i = 0; i < 3; i++) {
        span e = along(p->m + 3 * i, p->c, middle, half);
        if (i == 2 && p->kind == CP_DOME) {
            e.lo = most(e.lo, 0.0);
            e.hi = most(e.hi, 0.0);
        }
        e = absolute(e);
        q[i].lo = e.lo * p->inv[i];
        q[i].hi = e.hi * p->inv[i];
    }
    return ellipsoidal(q, p->inv, 3);
}

static cp_range elliptic_cylinder(const cp_primitive *p, const double *middle, const double *half) {
    span q[2];
    for (int i = 0; i < 2; i++) {
        span e = absolute(along(p->m + 3 * i, p->c, middle, half));
        q[i].lo = e.lo * p->inv[i];
        q[i].hi = e.hi * p->inv[i];
    }
    const span w = absolute(along(p->m + 6, p->c, middle, half));
    const cp_range wall = ellipsoidal(q, p->inv, 2), end = widened(w.lo - p->p[0], w.hi - p->p[0], 0.0);
    cp_range r = {wall.lo > end.lo ? wall.lo : end.lo, wall.hi > end.hi ? wall.hi : end.hi};
    return r;
}

/* The distance to the axis changes by no more than the way; so does the radius times its slope. */
static cp_range capsule(const cp_primitive *p, const double *middle, const double *half) {
    double e[3], q[3], l2 = 0.0, dot = 0.0, h2 = 0.0, gap2 = 0.0, far = 0.0;
    for (int a = 0; a < 3; a++) {
        const double from = p->c[a], to = p->b[a];
        e[a] = to - from;
        q[a] = middle[a] - from;
        l2 += e[a] * e[a];
        dot += q[a] * e[a];
        h2 += half[a] * half[a];
        const double gap = most(least(from, to) - middle[a] - half[a], middle[a] - half[a] - most(from, to));
        if (gap > 0.0) gap2 += gap * gap;
        far = most(far, magnitude(q[a]) + half[a] + magnitude(e[a]));
    }
    const double dr = (double)p->p[1] - (double)p->p[0], big = most(p->p[0], p->p[1]);
    double t = l2 > 1e-9 ? dot / l2 : 0.0;
    t = least(most(t, 0.0), 1.0);
    double d2 = 0.0;
    for (int a = 0; a < 3; a++) {
        const double r = q[a] - t * e[a];
        d2 += r * r;
    }
    const double at = __builtin_sqrt(d2) - (p->p[0] + t * dr);
    const double slope = l2 > 1e-9 ? 1.0 + magnitude(dr) / __builtin_sqrt(l2) : 1.0;
    const double reach = slope * __builtin_sqrt(h2);
    /* No point of the box is nearer to the axis than the box to the axis's own box. */
    return widened(most(at - reach, __builtin_sqrt(gap2) - big), at + reach, 4.0 * ROUNDING * slope * far);
}

static span torso_scales(const cp_torso *t, double zlo, double zhi) {
    const double a = (zlo - t->z0) * 0.01, b = (zhi - t->z0) * 0.01;
    const double sa = 1.0 - t->t1 * a - t->t2 * a * a, sb = 1.0 - t->t1 * b - t->t2 * b * b;
    span s = {least(sa, sb), most(sa, sb)};
    if (t->t2 != 0.0f) {
        const double v = -0.5 * t->t1 / t->t2;
        if (v > a && v < b) {
            const double sv = 1.0 - t->t1 * v - t->t2 * v * v;
            s.lo = least(s.lo, sv);
            s.hi = most(s.hi, sv);
        }
    }
    s.lo = most(s.lo - 1e-6, 0.4);
    s.hi = most(s.hi + 1e-6, 0.4);
    return s;
}

static cp_range torso(const cp_torso *t, const double *lo, const double *hi) {
    const span s = torso_scales(t, lo[2], hi[2]);
    const double x0 = lo[0] - t->cx, x1 = hi[0] - t->cx, y0 = lo[1] - t->cy, y1 = hi[1] - t->cy;
    const span x = absolute((span){x0, x1});
    const double ahi = 1.0 / (t->rx * s.lo), alo = 1.0 / (t->rx * s.hi);
    const span u = {x.lo * alo, x.hi * ahi};
    /* In front and behind of the centre the half axes differ. */
    const double front = most(y1, 0.0), rear = most(-y0, 0.0);
    const double blo = 1.0 / (s.hi * (y1 <= 0.0 ? t->rback : y0 > 0.0 ? t->rfront : most(t->rfront, t->rback)));
    const double bhi = 1.0 / (s.lo * (y1 <= 0.0 ? t->rback : y0 > 0.0 ? t->rfront : least(t->rfront, t->rback)));
    const span y = absolute((span){y0, y1});
    const span v = {y.lo * blo, most(front / (s.lo * t->rfront), rear / (s.lo * t->rback))};
    const double beta = t->beta;
    const double ul = u.lo * u.lo, uh = u.hi * u.hi, vl = v.lo * v.lo, vh = v.hi * v.hi;
    const double rlo = __builtin_sqrt(__builtin_sqrt(ul * ul + vl * vl + beta * ul * vl));
    const double rhi = __builtin_sqrt(__builtin_sqrt(uh * uh + vh * vh + beta * uh * vh));
    const double gxl = (2.0 * ul * u.lo + beta * u.lo * vl) * alo, gyl = (2.0 * vl * v.lo + beta * v.lo * ul) * blo;
    const double gxh = (2.0 * uh * u.hi + beta * u.hi * vh) * ahi, gyh = (2.0 * vh * v.hi + beta * v.hi * uh) * bhi;
    const double glo = __builtin_sqrt(gxl * gxl + gyl * gyl), ghi = __builtin_sqrt(gxh * gxh + gyh * gyh);
    const double floor = 1e-4;
    double slo = floor, shi = 1e9;
    if (rlo * rlo * rlo > 1.01e-6) {
        slo = glo / (2.0 * rhi * rhi * rhi);
        shi = ghi / (2.0 * rlo * rlo * rlo);
    }
    /* |grad rho| over the inverse half axis: 1 on the axes; between them 1 for a circle, 0.84 for a squircle. */
    if (beta >= 0.0 && beta <= 2.0) {
        if (rlo * rlo * rlo > 1.01e-6) slo = most(slo, 0.83 * least(alo, blo));
        shi = least(shi, 1.01 * most(ahi, bhi));
    }
    slo = most(slo, floor);
    shi = most(shi, floor);
    return widened(
        (rlo - 1.0) / (rlo > 1.0 ? shi : slo), (rhi - 1.0) / (rhi > 1.0 ? slo : shi), 4e-6 * most(rhi, 1.0) / slo);
}

cp_range cp_bound(const cp_primitive *p, const cp_box *box) {
    double lo[3], hi[3], middle[3], half[3];
    for (int a = 0; a < 3; a++) {
        lo[a] = box->lo[a];
        hi[a] = box->hi[a];
        middle[a] = 0.5 * (lo[a] + hi[a]);
        half[a] = 0.5 * (hi[a] - lo[a]);
    }
    cp_range r = {-1e6f, 1e6f};
    switch (p->kind) {
    case CP_ELLIPSOID:
    case CP_DOME: r = ellipsoid(p, middle, half); break;
    case CP_CAPSULE: r = capsule(p, middle, half); break;
    case CP_HALFSPACE: {
        const float origin[3] = {0.0f, 0.0f, 0.0f};
        const span d = along(p->c, origin, middle, half);
        r = widened(d.lo - p->p[0], d.hi - p->p[0], 0.0);
        break;
    }
    case CP_TORSO: r = torso(&p->torso, lo, hi); break;
    case CP_ELLIPTIC_CYLINDER: r = elliptic_cylinder(p, middle, half); break;
    default: r.lo = r.hi = 1e6f;
    }
    if (p->shell_half > 0.0f) {
        const span e = absolute((span){(double)r.lo - p->shell_offset, (double)r.hi - p->shell_offset});
        r = widened(e.lo - p->shell_half, e.hi - p->shell_half, 0.0);
    }
    return r;
}
