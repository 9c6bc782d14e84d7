// Work divided among threads.
//
// Each item is computed by one thread, wholly and in the same order of operations, whatever the number of
// threads: so results do not depend on it.
#pragma once

// Calls body(item) for every item; `cost` is about how many elements an item touches.
template <class Body>
void parallel(Size items, Size cost, int threads, const Body &body) {
    const Size worth_a_thread = 16384;  // below, waking a thread takes longer than the work
    const Size useful = items * cost / worth_a_thread;
    const int team = int(useful < threads ? useful : threads);
    if (team < 2 || items < 2) {
        for (Size item = 0; item < items; item++) body(item);
        return;
    }
#pragma omp parallel for num_threads(team) schedule(static)
    for (Size item = 0; item < items; item++) body(item);
}
