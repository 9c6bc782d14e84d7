// A register full of numbers, as the compiler's vector type: arithmetic, comparisons and `?:` work on it
// element by element. Its width follows the instruction set.
#pragma once

template <class T> struct Vector;
template <> struct Vector<float> {
    typedef float type __attribute__((vector_size(TINYNET_VECTOR_BYTES)));
    typedef std::int32_t integers __attribute__((vector_size(TINYNET_VECTOR_BYTES)));
    typedef signed char bytes __attribute__((vector_size(TINYNET_VECTOR_BYTES / sizeof(float))));
};
template <> struct Vector<double> {
    typedef double type __attribute__((vector_size(TINYNET_VECTOR_BYTES)));
    typedef std::int64_t integers __attribute__((vector_size(TINYNET_VECTOR_BYTES)));
    typedef signed char bytes __attribute__((vector_size(TINYNET_VECTOR_BYTES / sizeof(double))));
};

template <class T> using Vec = typename Vector<T>::type;
template <class T> using Integers = typename Vector<T>::integers;  // as many, as wide
template <class T> using Bytes = typename Vector<T>::bytes;       // as many

template <class T> constexpr Size lanes = TINYNET_VECTOR_BYTES / sizeof(T);

// The next `count` numbers (all lanes, or fewer at an end; the rest are zeros), from any address.
template <class T>
inline Vec<T> load(const T *from, Size count = lanes<T>) {
    Vec<T> v = {};
    if (count == lanes<T>) std::memcpy(&v, from, sizeof v);
    else for (Size k = 0; k < count; k++) v[k] = from[k];
    return v;
}

template <class T>
inline void store(T *to, const Vec<T> &v, Size count = lanes<T>) {
    if (count == lanes<T>) std::memcpy(to, &v, sizeof v);
    else for (Size k = 0; k < count; k++) to[k] = v[k];
}

// The same where a relu's output was positive, else zeros: what flows back through it. Null stands for no relu.
template <class T>
inline Vec<T> load_shown(const T *from, const T *output, Size count = lanes<T>) {
    return output ? (load(output, count) > T(0) ? load(from, count) : Vec<T>{}) : load(from, count);
}

template <class T>
inline Size part(Size from, Size to) {  // how many lanes are left
    return to - from < lanes<T> ? to - from : lanes<T>;
}

// Calls body(first, count) for every register of so many numbers; all are full but the last one, perhaps.
template <class T, class Body>
inline void in_registers(Size numbers, const Body &body) {
    Size k = 0;
    for (; k + lanes<T> <= numbers; k += lanes<T>) body(k, lanes<T>);  // inlined, with a known count
    if (k < numbers) body(k, numbers - k);
}
