#include "rule.h"

#include "unwind.h"

uint64_t rule_table[RULE_TABLE_ENTRIES] __attribute__((aligned(64)));

/* An empty place, or the one that the address itself picks. The ways lie in one cache line. */
static uint32_t way_for(uintptr_t look)
{
    uint32_t place = rule_place(look);
    for (uint32_t way = 0; way < RULE_TABLE_WAYS; way++)
        if (__atomic_load_n(&rule_table[place ^ way], __ATOMIC_RELAXED) == 0)
            return way;
    return (look >> RULE_TABLE_BITS) % RULE_TABLE_WAYS;
}

/* If modules changed meanwhile, the rule may be that of code which is gone: it is taken back. */
static void publish(uintptr_t look, Rule rule, uint32_t generation)
{
    if (rule_tag(look) > UINT32_MAX)
        return;
    uint32_t way = way_for(look);
    uint64_t *place = &rule_table[rule_place(look) ^ way];
    uint64_t entry = (rule_tag(look) + way) << 32 | rule;
    __atomic_store_n(place, entry, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&unwind_generation, __ATOMIC_SEQ_CST) != generation)
        __atomic_compare_exchange_n(place, &entry, 0, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

__attribute__((noinline, cold)) Rule rule_find_slowly(uintptr_t look)
{
    uint32_t place = rule_place(look);
    for (uint32_t way = 1; way < RULE_TABLE_WAYS; way++) {
        uint64_t entry = __atomic_load_n(&rule_table[place ^ way], __ATOMIC_RELAXED);
        if (entry >> 32 == rule_tag(look) + way && (Rule)entry != RULE_NONE)
            return (Rule)entry;
    }
    uint32_t generation = __atomic_load_n(&unwind_generation, __ATOMIC_SEQ_CST);
    Rule rule = rule_compile(look);
    publish(look, rule, generation);
    return rule;
}

/* Pages never touched stay so. */
void rule_forget(void)
{
    for (uint32_t i = 0; i < RULE_TABLE_ENTRIES; i++)
        if (__atomic_load_n(&rule_table[i], __ATOMIC_RELAXED) != 0)
            __atomic_store_n(&rule_table[i], 0, __ATOMIC_RELAXED);
}
