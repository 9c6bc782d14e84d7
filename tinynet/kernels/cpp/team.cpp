// A team of threads in which nobody waits for somebody who has not begun.
//
// OpenMP's teams meet at a barrier. Beside a BLAS whose own threads still spin, or on a machine that does
// something else, a member may not get a processor for milliseconds, and all wait for it. Here each takes
// pieces as long as there are some; whoever comes late finds nothing left, and is not waited for. Each begins with
// a share of its own, the same in each call, so that it finds in its cache what it wrote in the call before. Also, a
// forked process makes itself a new team, where OpenMP would hang.
#include "team.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#define TINYNET_FORKS 1
#endif
#if defined(__linux__)
#include <sched.h>
#endif

namespace tinynet {
namespace {

using Function = void (*)(const void *, Size, Size);

void pause_a_moment() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

// Numbers below the smallest normal one (1e-38 of float32) take a processor a hundred times as long as others, and what
// flows back through a few hundred steps of a recurrent layer becomes as small. Within it this thread takes them for
// zeros, as TensorFlow and XLA do.
class NothingSubnormal {
  public:
    NothingSubnormal() : before(get()) { set(before | flushes); }
    ~NothingSubnormal() { set(before); }
    NothingSubnormal(const NothingSubnormal &) = delete;
    NothingSubnormal &operator=(const NothingSubnormal &) = delete;

  private:
#if defined(__x86_64__)
    using Word = unsigned;
    static constexpr Word flushes = 0x8040;  // of results, of operands
    static Word get() { return __builtin_ia32_stmxcsr(); }
    static void set(Word word) { __builtin_ia32_ldmxcsr(word); }
#elif defined(__aarch64__)
    using Word = std::uint64_t;
    static constexpr Word flushes = Word(1) << 24;  // of both
    static Word get() {
        Word word;
        asm volatile("mrs %0, fpcr" : "=r"(word));
        return word;
    }
    static void set(Word word) { asm volatile("msr fpcr, %0" : : "r"(word)); }
#else
    using Word = unsigned;
    static constexpr Word flushes = 0;
    static Word get() { return 0; }
    static void set(Word) {}
#endif
    const Word before;
};

// What the members see of a call, in one word: they come in and leave without a lock, which would put those to sleep
// who meet there.
struct Door {
    std::uint32_t call;             // its number
    std::uint16_t members, inside;  // how many threads may take part, 0 when it is over; how many have come in
};

class Team {
  public:
    // Runs the items, this thread included; false where the team is at work for another thread.
    bool run(Size count, int members, Function function, const void *body) {
        std::unique_lock<std::mutex> mine(in_use, std::try_to_lock);
        if (!mine) return false;
        hire(members - 1);
        job = {function, body, count, (count + members * 8 - 1) / (members * 8), members};
        for (int i = 0; i < members; i++) shares[i].next.store(count * i / members, std::memory_order_relaxed);
        door.store({++calls, std::uint16_t(members), 0});
        if (asleep.load() > 0) {
            std::lock_guard<std::mutex> lock(mutex);  // who is about to sleep does so before, or sees the call
            wake.notify_all();
        }
        take_pieces(0);
        Door seen = door.load();
        while (!door.compare_exchange_weak(seen, {seen.call, 0, seen.inside})) {}  // from here on nobody begins
        for (int spins = 0; door.load().inside > 0; spins++) {
            if (spins < 2000) pause_a_moment();
            else std::this_thread::yield();
        }
        return true;
    }

  private:
    struct Job {
        Function function;
        const void *body;
        Size count, piece;
        int members;
    };

    struct alignas(64) Share {  // on a cache line of its own
        std::atomic<Size> next{0};
    };

    void hire(int count) {
        if (count > hired) shares.reset(new Share[count + 1]);
        try {
            for (; hired < count; hired++) std::thread(&Team::work, this, hired + 1, calls).detach();
        } catch (const std::system_error &) {  // the system gives no more threads: fewer share the work
        }
    }

    // Pieces of one's own share, then of those whose members are slower.
    void take_pieces(int member) {
        for (int i = 0; i < job.members; i++) {
            const int share = (member + i) % job.members;
            const Size end = job.count * (share + 1) / job.members;
            while (true) {
                const Size first = shares[share].next.fetch_add(job.piece, std::memory_order_relaxed);
                if (first >= end) break;
                job.function(job.body, first, first + job.piece < end ? first + job.piece : end);
            }
        }
    }

    void work(int member, std::uint32_t last) {
        const NothingSubnormal in_all_calls;
        while (true) {
            Door seen = next_call(last);
            last = seen.call;
            while (seen.call == last && member < seen.members) {
                const Door joined = {last, seen.members, std::uint16_t(seen.inside + 1)};
                if (!door.compare_exchange_weak(seen, joined)) continue;
                take_pieces(member);
                leave();
                break;
            }
        }
    }

    void leave() {
        Door seen = door.load();
        while (!door.compare_exchange_weak(seen, {seen.call, seen.members, std::uint16_t(seen.inside - 1)})) {}
    }

    // Waits for a call that comes after the last one.
    Door next_call(std::uint32_t last) {
        Door seen = door.load();
        const auto patience = std::chrono::steady_clock::now() + std::chrono::milliseconds(3);
        for (int spins = 0; seen.call == last; spins++) {
            if (spins < 2000) pause_a_moment();  // the next kernel often follows at once
            else if (std::chrono::steady_clock::now() > patience) break;
            else std::this_thread::yield();  // or after some Python; who else wants the processor has it first
            seen = door.load();
        }
        if (seen.call != last) return seen;
        std::unique_lock<std::mutex> lock(mutex);
        asleep.fetch_add(1);
        wake.wait(lock, [&] { return (seen = door.load()).call != last; });
        asleep.fetch_sub(1);
        return seen;
    }

    std::mutex in_use, mutex;
    std::condition_variable wake;
    std::atomic<Door> door{Door{0, 0, 0}};
    std::atomic<int> asleep{0};
    std::unique_ptr<Share[]> shares;
    Job job = {};
    std::uint32_t calls = 0;
    int hired = 0;
};

// Never destroyed: its threads may outlive everything else.
std::atomic<Team *> team{nullptr};

Team &the_team() {
    static const bool prepared = [] {
#ifdef TINYNET_FORKS
        // Threads do not come along into a forked process: it begins without a team.
        pthread_atfork(nullptr, nullptr, [] { team.store(nullptr); });
#endif
        return true;
    }();
    (void)prepared;
    Team *found = team.load();
    if (!found) {
        Team *made = new Team;
        if (team.compare_exchange_strong(found, made)) return *made;
        delete made;
    }
    return *found;
}

std::atomic<int> chosen{0};
std::atomic<Size> least{8192};

int threads_by_default() {
    const char *text = std::getenv("OMP_NUM_THREADS");
    const int wished = text ? std::atoi(text) : 0;
    if (wished > 0) return wished;
#if defined(__linux__)
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) return CPU_COUNT(&allowed);
#endif
    const int all = int(std::thread::hardware_concurrency());
    return all > 0 ? all : 1;
}

}  // namespace

int threads() {
    static const int by_default = threads_by_default();
    const int count = chosen.load();
    return count > 0 ? count : by_default;
}

void set_threads(int count) { chosen.store(count); }

Size worth_a_thread() { return least.load(std::memory_order_relaxed); }
void set_worth_a_thread(Size elements) { least.store(elements); }

void run_in_team(Size items, int members, Function function, const void *body) {
    const NothingSubnormal in_this_call;
    const bool alone = members < 2 || items < 2;
    if (alone || !the_team().run(items, members, function, body)) function(body, 0, items);
}

}  // namespace tinynet
