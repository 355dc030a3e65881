/* A workflow on libxml2: parse a catalogue, find items by XPath, edit them, serialise: roundtrip FILE, 30
 * times.
 *
 * Compiled with -DROUNDTRIP_LEAK it forgets one xmlFree, the mistake that libxml2 programs make most: the
 * regression that `make demo` shows. */
#include <heapgate.h>

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xpath.h>

#include <stdio.h>
#include <stdlib.h>

enum { ITERATIONS = 30 };

/* Copies an attribute's value to another attribute of the same element. 0: there is no such attribute. */
static int copy_attribute(xmlNodePtr node, const char *from, const char *to)
{
    xmlChar *value = xmlGetProp(node, BAD_CAST from);
    if (value == NULL)
        return 0;
    xmlSetProp(node, BAD_CAST to, value);
#ifndef ROUNDTRIP_LEAK
    xmlFree(value);
#endif
    return 1;
}

static void raise_price(xmlNodePtr item)
{
    xmlChar *price = xmlGetProp(item, BAD_CAST "price");
    char raised[32];
    snprintf(raised, sizeof raised, "%.2f", price == NULL ? 0.0 : strtod((const char *)price, NULL) * 1.05);
    xmlSetProp(item, BAD_CAST "price", BAD_CAST raised);
    xmlFree(price);
}

static void add_note(xmlNodePtr item, const char *text)
{
    xmlNewTextChild(item, NULL, BAD_CAST "note", BAD_CAST text);
}

static void remove_item(xmlNodePtr item)
{
    xmlUnlinkNode(item);
    xmlFreeNode(item);
}

/* Does `edit` to every item that the expression finds; returns how many there were, -1 when it cannot be
 * evaluated. */
static int edit_items(xmlDocPtr document, const char *expression, void (*edit)(xmlNodePtr item))
{
    xmlXPathContextPtr context = xmlXPathNewContext(document);
    xmlXPathObjectPtr found = context == NULL ? NULL : xmlXPathEvalExpression(BAD_CAST expression, context);
    int count = found == NULL ? -1 : xmlXPathNodeSetGetLength(found->nodesetval);
    for (int i = 0; i < count; i++) {
        xmlNodePtr item = found->nodesetval->nodeTab[i];
        found->nodesetval->nodeTab[i] = NULL; /* it may be gone before the set is */
        edit(item);
    }
    xmlXPathFreeObject(found);
    xmlXPathFreeContext(context);
    return count;
}

static void note_low_stock(xmlNodePtr item)
{
    add_note(item, "fewer than 1,200 left & no delivery known");
}

static int edit_document(xmlDocPtr document)
{
    return copy_attribute(xmlDocGetRootElement(document), "title", "original-title") &&
           edit_items(document, "//item[@category='valve']", raise_price) > 0 &&
           edit_items(document, "//item[sum(stock/@quantity) < 1200]", note_low_stock) > 0 &&
           edit_items(document, "/catalogue/item[position() mod 10 = 0]", remove_item) > 0;
}

/* The document as text, parsed again: what was written must be read. Returns its number of items, -1 on
 * failure. */
static int reread_document(xmlDocPtr document)
{
    xmlChar *text = NULL;
    int length = 0, items = -1;
    xmlDocDumpFormatMemoryEnc(document, &text, &length, "UTF-8", 1);
    xmlDocPtr again =
        text == NULL ? NULL : xmlReadMemory((const char *)text, length, NULL, NULL, XML_PARSE_NONET);
    if (again != NULL)
        items = (int)xmlChildElementCount(xmlDocGetRootElement(again));
    xmlFreeDoc(again);
    xmlFree(text);
    return items;
}

static int round_trip(const char *path)
{
    xmlDocPtr document = xmlReadFile(path, NULL, XML_PARSE_NONET | XML_PARSE_NOBLANKS);
    if (document == NULL)
        return 0;
    int fine = edit_document(document) && reread_document(document) > 0;
    xmlFreeDoc(document);
    return fine;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s FILE\n", argv[0]);
        return 64;
    }
    xmlInitParser();
    for (int i = 0; i < ITERATIONS; i++) {
        if (!round_trip(argv[1])) {
            fprintf(stderr, "%s: not the catalogue this program edits\n", argv[1]);
            return 1;
        }
        heapgate_iteration();
    }
    heapgate_mark("end");
    xmlCleanupParser();
    return 0;
}
