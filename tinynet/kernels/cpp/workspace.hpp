// Memory of a kernel.
#pragma once

#include "vector.hpp"

// Memory for intermediate results, given back at the end of the kernel. Every piece begins on a cache line
// and is a register longer than asked for: what follows the last number may be read, and is not used.
template <class T>
class Workspace {
public:
    explicit Workspace(Size count, int pieces)
        : memory(::operator new((count + pieces * (line + lanes<T>)) * sizeof(T) + line * sizeof(T))) {
        const Size bytes = line * sizeof(T);
        next = reinterpret_cast<T *>((reinterpret_cast<std::uintptr_t>(memory) + bytes - 1) / bytes * bytes);
    }
    Workspace(const Workspace &) = delete;
    Workspace &operator=(const Workspace &) = delete;
    ~Workspace() { ::operator delete(memory); }

    T *take(Size count) {
        T *taken = next;
        next += (count + lanes<T> + line - 1) / line * line;
        return taken;
    }

private:
    static constexpr Size line = 64 / sizeof(T);  // numbers of a cache line
    void *memory;
    T *next;
};
