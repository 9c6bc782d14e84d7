// A team of threads in which nobody waits for somebody who has not begun.
//
// OpenMP's teams meet at a barrier. Beside a BLAS whose own threads still spin, or on a machine that does
// something else, a member may not get a processor for milliseconds, and all wait for it. Here each takes
// pieces as long as there are some; whoever comes late finds nothing left, and is not waited for. Also, a
// forked process makes itself a new team, where OpenMP would hang.
#include "team.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdlib>
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

class Team {
  public:
    // Runs the items, this thread included; false where the team is at work for another thread.
    bool run(Size count, int members, Function function, const void *body) {
        std::unique_lock<std::mutex> mine(in_use, std::try_to_lock);
        if (!mine) return false;
        {
            std::lock_guard<std::mutex> lock(mutex);
            hire(members - 1);
            job = {function, body, count, (count + members * 8 - 1) / (members * 8)};
            next.store(0, std::memory_order_relaxed);
            wanted = members - 1;
            open = true;
            calls.fetch_add(1, std::memory_order_release);
        }
        wake.notify_all();
        take_pieces();
        {
            std::lock_guard<std::mutex> lock(mutex);
            open = false;  // from here on nobody begins
        }
        for (int spins = 0; busy.load(std::memory_order_acquire) > 0; spins++) {
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
    };

    void hire(int count) {
        try {
            for (; hired < count; hired++) std::thread(&Team::work, this, hired).detach();
        } catch (const std::system_error &) {  // the system gives no more threads: fewer share the work
        }
    }

    void take_pieces() {
        while (true) {
            const Size first = next.fetch_add(job.piece, std::memory_order_relaxed);
            if (first >= job.count) return;
            job.function(job.body, first, first + job.piece < job.count ? first + job.piece : job.count);
        }
    }

    void work(int number) {
        unsigned seen = 0;
        while (true) {
            for (int spins = 0; spins < 5000 && calls.load(std::memory_order_acquire) == seen; spins++)
                pause_a_moment();  // the next kernel often follows at once
            {
                std::unique_lock<std::mutex> lock(mutex);
                wake.wait(lock, [&] { return calls.load(std::memory_order_relaxed) != seen; });
                seen = calls.load(std::memory_order_relaxed);
                if (!open || number >= wanted) continue;
                busy.fetch_add(1, std::memory_order_relaxed);
            }
            take_pieces();
            busy.fetch_sub(1, std::memory_order_release);
        }
    }

    std::mutex in_use, mutex;
    std::condition_variable wake;
    std::atomic<unsigned> calls{0};
    std::atomic<int> busy{0};
    std::atomic<Size> next{0};
    Job job = {};
    bool open = false;
    int hired = 0, wanted = 0;
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
std::atomic<Size> least{16384};

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
    if (!the_team().run(items, members, function, body)) function(body, 0, items);
}

}  // namespace tinynet
