// A system hands out large blocks page by page, each at its first touch: that costs as much as the
// arithmetic on them. A training step asks for the same sizes again and again; so blocks are kept.
//
// No more is kept than was ever in use at once, and what lay longest goes first.
#include "memory.hpp"

#include <cstdlib>
#include <list>
#include <mutex>
#include <new>
#include <unordered_map>

namespace tinynet {
namespace {

constexpr std::size_t alignment = 64;

struct Block {
    std::size_t bytes;
    void *memory;
};

struct Store {
    std::mutex mutex;
    std::unordered_map<void *, std::size_t> used;
    std::list<Block> kept;  // the last given back is the first
    std::size_t in_use = 0, most_in_use = 0, in_store = 0;
};

Store &store() {
    static Store *only = new Store;  // never destroyed: arrays may outlive everything else
    return *only;
}

}  // namespace

void *take_memory(std::size_t bytes) {
    Store &s = store();
    bytes = (bytes + alignment - 1) / alignment * alignment;
    std::lock_guard<std::mutex> lock(s.mutex);
    void *memory = nullptr;
    for (auto block = s.kept.begin(); block != s.kept.end(); ++block) {
        if (block->bytes == bytes) {
            memory = block->memory;
            s.in_store -= bytes;
            s.kept.erase(block);
            break;
        }
    }
    if (!memory) memory = std::aligned_alloc(alignment, bytes);
    if (!memory) throw std::bad_alloc();
    s.used[memory] = bytes;
    s.in_use += bytes;
    if (s.in_use > s.most_in_use) s.most_in_use = s.in_use;
    return memory;
}

void give_back_memory(void *memory) {
    Store &s = store();
    std::lock_guard<std::mutex> lock(s.mutex);
    const std::size_t bytes = s.used[memory];
    s.used.erase(memory);
    s.in_use -= bytes;
    s.kept.push_front({bytes, memory});
    s.in_store += bytes;
    while (s.in_use + s.in_store > s.most_in_use) {
        s.in_store -= s.kept.back().bytes;
        std::free(s.kept.back().memory);
        s.kept.pop_back();
    }
}

}  // namespace tinynet
