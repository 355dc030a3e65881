/* Writes a product catalogue as XML: make-document FILE ITEMS. The same bytes on every machine; about 300
 * bytes an item.
 *
 * No attribute's value is shorter than four characters: libxml2 keeps shorter ones in a hash table whose seed
 * is the time of day, and the table's size, and so the peak, would be another one in every run (by up to 8 %,
 * measured). */
#include <stdio.h>
#include <stdlib.h>

static const char *const categories[] = {"bolt",  "bracket", "cable",  "filter",
                                         "motor", "pump",    "sensor", "valve"};
static const char *const words[] = {"brass", "for", "heavy", "indoor", "long",  "marine", "outdoor", "pair",
                                    "round", "set", "short", "small",  "steel", "use",    "wide",    "with"};

/* Knuth's MMIX numbers: rand() is another one in every libc. */
static unsigned below(unsigned limit)
{
    static unsigned long long state = 20230610;
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return (unsigned)(state >> 33) % limit;
}

static void write_text(FILE *out, unsigned n_words)
{
    for (unsigned i = 0; i < n_words; i++)
        fprintf(out, "%s%s", i == 0 ? "" : " ", words[below(16)]);
}

static void write_item(FILE *out, unsigned id)
{
    const char *category = categories[below(8)];
    fprintf(out, "  <item id=\"item-%u\" category=\"%s\" price=\"%u.%02u\">\n    <name>", id, category,
            1 + below(900), below(100));
    write_text(out, 2);
    fprintf(out, " %s</name>\n    <description>", category);
    write_text(out, 8 + below(16));
    fprintf(out, " &amp; more</description>\n");
    for (unsigned place = 0; place <= below(3); place++)
        fprintf(out, "    <stock shelf=\"%c-%02u\" quantity=\"%u\"/>\n", 'A' + (int)below(26), below(100),
                1000 + below(500));
    fprintf(out, "  </item>\n");
}

int main(int argc, char **argv)
{
    long items = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
    if (items < 1) {
        fprintf(stderr, "usage: %s FILE ITEMS\n", argv[0]);
        return 64;
    }
    FILE *out = fopen(argv[1], "w");
    if (out == NULL) {
        perror(argv[1]);
        return 1;
    }
    fprintf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                 "<catalogue title=\"Spare parts: the spring catalogue, 3rd edition!\">\n");
    for (long id = 0; id < items; id++)
        write_item(out, (unsigned)id);
    fprintf(out, "</catalogue>\n");
    int failed = ferror(out);
    return fclose(out) != 0 || failed ? 1 : 0;
}
