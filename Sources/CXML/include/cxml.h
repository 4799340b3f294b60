/* libxml2 behind a shim whose header names no libxml type (its ICU headers clash with Foundation's).
 *
 * Documents are untrusted: no network, no external entity, no DOCTYPE, no processing instruction, no XInclude, bounded depth and number of
 * attributes. The caller bounds the size. */
#ifndef CXML_H
#define CXML_H
#include <stddef.h>
#include <stdint.h>

/* A parsed document with its diagnostics. */
typedef struct cxml_document cxml_document;
/* An element; it lives as long as its document. */
typedef struct cxml_element cxml_element;

/* Version of libxml2 at run time, such as "20914". */
const char *cxml_version(void);

/* Parses a document and validates it against one schema. Returns NULL only when memory is out; otherwise the caller frees the document.
 * The document is usable if and only if it has no diagnostic. */
cxml_document *cxml_load(const uint8_t *bytes, size_t count, const uint8_t *schema, size_t schema_count,
                         int32_t maximum_depth, int32_t maximum_attributes);
void cxml_free(cxml_document *document);

/* Diagnostics in the order in which they were found; lines count from 1, 0 is the whole document. */
size_t cxml_diagnostic_count(const cxml_document *document);
int32_t cxml_diagnostic_line(const cxml_document *document, size_t index);
const char *cxml_diagnostic_message(const cxml_document *document, size_t index);
/* Name of the element concerned, or NULL. */
const char *cxml_diagnostic_element(const cxml_document *document, size_t index);

/* The tree; NULL where there is no such node. */
const cxml_element *cxml_root(const cxml_document *document);
const cxml_element *cxml_first_child(const cxml_element *element);
const cxml_element *cxml_next_sibling(const cxml_element *element);
const char *cxml_name(const cxml_element *element);
int32_t cxml_line(const cxml_element *element);
/* Text directly inside the element; free it with cxml_free_text. NULL when memory is out. */
char *cxml_text(const cxml_element *element);
/* Attributes by position; the value is freed with cxml_free_text. */
size_t cxml_attribute_count(const cxml_element *element);
const char *cxml_attribute_name(const cxml_element *element, size_t index);
char *cxml_attribute_value(const cxml_element *element, size_t index);
void cxml_free_text(char *text);
#endif
