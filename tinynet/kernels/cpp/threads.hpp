// Work divided among threads.
//
// Each item is computed by one thread, wholly and in the same order of operations, whoever takes it: so
// results depend neither on the number of threads nor on which was fastest.
#pragma once

// Calls body(item) for every item; `cost` is about how many elements an item touches.
template <class Body>
void parallel(Size items, Size cost, int threads, const Body &body) {
    const Size useful = items * cost / worth_a_thread();
    const int team = int(useful < threads ? useful : threads);
    if (team < 2 || items < 2) {
        for (Size item = 0; item < items; item++) body(item);
        return;
    }
    run_in_team(items, team, [](const void *it, Size first, Size end) {
        for (Size item = first; item < end; item++) (*static_cast<const Body *>(it))(item);
    }, &body);
}
