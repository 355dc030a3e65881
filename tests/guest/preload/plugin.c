/* The same function twice, with frames of different sizes. */
#ifdef PLUGIN_large
enum { ROOM = 4000 };
#else
enum { ROOM = 40 };
#endif

__attribute__((visibility("default"))) int plugin_call(void (*end)(void *data), void *data)
{
    volatile char room[ROOM];
    room[ROOM / 2] = 1;
    end(data);
    return room[ROOM / 2];
}
