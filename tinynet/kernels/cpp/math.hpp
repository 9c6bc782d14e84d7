// tanh, sigmoid and exp of all numbers of a register, without branches. NaN stays NaN.
#pragma once

#include "vector.hpp"

template <class T>
inline Vec<T> clamped(const Vec<T> &x, T bound) {
    const Vec<T> most = Vec<T>{} + bound;
    const Vec<T> above = x < -most ? -most : x;
    return above > most ? most : above;
}

// 1 / x. A division keeps the unit that computes products waiting; where there is an estimate of 14 bits, one step of
// Newton's method makes nearly as good a number of it.
inline Vec<float> reciprocal(const Vec<float> &x) {
#if TINYNET_VECTOR_BYTES == 64
    const Vec<float> estimate = _mm512_maskz_rcp14_ps(0xffff, x);  // of all 16
    return estimate * (2.0f - x * estimate);
#else
    return 1.0f / x;
#endif
}

// A quotient of polynomials in x², fitted to tanh(x) / x on [-9, 9] for the least relative error (2e-8); beyond,
// tanh rounds to ±1. With rounding, 3.4e-7 relative.
inline Vec<float> tanh(const Vec<float> &given) {
    const Vec<float> x = clamped<float>(given, 9.0f);
    const Vec<float> s = x * x;
    Vec<float> above = s * 1.33545521e-8f + 2.06090005e-5f;
    above = above * s + 0.00349558308f;
    above = above * s + 0.133810214f;
    above = above * s + 0.999999979f;
    Vec<float> below = s * 7.77651259e-7f + 0.000328562661f;
    below = below * s + 0.025876963f;
    below = below * s + 0.46714337f;
    below = below * s + 1.0f;
    return clamped<float>(x * above * reciprocal(below), 1.0f);
}

// exp(x) = power · (1 + rest) with power = 2ⁿ and |x - n ln 2| ≤ ½ ln 2, where Taylor's series is short.
template <class T>
struct Exponential {
    Vec<T> power, rest;
};

inline Exponential<double> exponential(const Vec<double> &x) {
    const double rounder = 6755399441055744.0;  // 1.5 · 2⁵²: after adding it the last bits hold the integer
    const Vec<double> shifted = x * 1.4426950408889634 + rounder;
    const Vec<double> n = shifted - rounder;
    const Vec<double> r = (x - n * 0.693147180369123816490) - n * 1.90821492927058770002e-10;  // ln 2 in two parts
    constexpr double factorials[] = {479001600.0, 39916800.0, 3628800.0, 362880.0, 40320.0, 5040.0,
                                     720.0, 120.0, 24.0, 6.0, 2.0, 1.0};
    Vec<double> series = Vec<double>{} + 1.0 / 6227020800.0;  // of (exp(r) - 1) / r
    for (const double factorial : factorials) series = series * r + 1.0 / factorial;
    Integers<double> bits;
    std::memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 1023) << 52;  // the exponent's field of 2ⁿ
    Vec<double> power;
    std::memcpy(&power, &bits, sizeof power);
    return {power, series * r};
}

// Cephes's polynomial.
inline Exponential<float> exponential(const Vec<float> &x) {
    const float rounder = 12582912.0f;  // 1.5 · 2²³
    const Vec<float> shifted = x * 1.44269504f + rounder;
    const Vec<float> n = shifted - rounder;
    const Vec<float> r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
    Vec<float> series = r * 1.9875691500e-4f + 1.3981999507e-3f;
    series = series * r + 8.3334519073e-3f;
    series = series * r + 4.1665795894e-2f;
    series = series * r + 1.6666665459e-1f;
    series = series * r + 5.0000001201e-1f;
    Integers<float> bits;
    std::memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 127) << 23;  // in this order the bits of a NaN cannot overflow either
    Vec<float> power;
    std::memcpy(&power, &bits, sizeof power);
    return {power, series * r * r + r};
}

// exp(x) of x ≤ 0; what would be below the smallest normal number is 0.
template <class T>
inline Vec<T> exp_of_negative(const Vec<T> &x) {
    const T least = sizeof(T) == 4 ? T(-87.3) : T(-708.3);
    const Exponential<T> e = exponential(Vec<T>(x < least ? Vec<T>{} + least : x));
    const Vec<T> result = e.power + e.power * e.rest;
    return x < least ? Vec<T>{} : result;
}

// tanh x = e / (e + 2) with e = exp(2x) - 1. Not through exp itself: near 0 the difference from 1 would be lost.
// Far from 0, 1 - 2 / (e + 2) loses less.
inline Vec<double> tanh(const Vec<double> &given) {
    const Vec<double> twice = clamped<double>(given * 2.0, 44.0);
    const Exponential<double> exponent = exponential(Vec<double>(twice < 0.0 ? -twice : twice));
    const Vec<double> e = exponent.power * exponent.rest + (exponent.power - 1.0);
    const Vec<double> quotient = (e > 1.0 ? Vec<double>{} - 2.0 : e) / (e + 2.0);
    const Vec<double> result = e > 1.0 ? quotient + 1.0 : quotient;
    return twice < 0.0 ? -result : result;
}

template <class T>
inline Vec<T> sigmoid(const Vec<T> &x) {
    return tanh(Vec<T>(x * T(0.5))) * T(0.5) + T(0.5);
}
