// Work divided among threads.
//
// Each item is computed by one thread, wholly and in the same order of operations, whoever takes it: so
// results depend neither on the number of threads nor on which was fastest.
#pragma once

// Calls body(item) for every item; `cost` is about how many elements an item touches.
template <class Body>
void parallel(Size items, Size cost, int threads, const Body &body) {
    const Size useful = items * cost / worth_a_thread();
    // One thread, too, takes this way: a second copy of the loop might be compiled to other roundings.
    run_in_team(items, int(useful < threads ? useful : threads), [](const void *it, Size first, Size end) {
        for (Size item = first; item < end; item++) (*static_cast<const Body *>(it))(item);
    }, &body);
}
