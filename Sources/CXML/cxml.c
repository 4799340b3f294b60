#include "cxml.h"
#include <libxml/xmlversion.h>
#undef LIBXML_ICU_ENABLED
#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/tree.h>
#include <libxml/xmlschemas.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* libxml2 2.12 made the error of the callback constant. */
#if LIBXML_VERSION >= 21200
typedef const xmlError *error_pointer;
#else
typedef xmlErrorPtr error_pointer;
#endif

enum { maximum_diagnostics = 100, maximum_message = 500 };

typedef struct {
    int32_t line;
    char *message;
    char *element;
} diagnostic;

struct cxml_document {
    xmlDocPtr tree;
    diagnostic *diagnostics;
    size_t count;
    int32_t maximum_depth;
    int32_t maximum_attributes;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;

static xmlParserInputPtr refuse_entity(const char *url, const char *identifier, xmlParserCtxtPtr context) {
    (void)url, (void)identifier, (void)context;
    return NULL;
}

static void initialise(void) {
    xmlInitParser();
    xmlSetExternalEntityLoader(refuse_entity);
}

const char *cxml_version(void) { return xmlParserVersion; }

static char *copy_text(const char *text, size_t limit) {
    size_t count = strnlen(text, limit);
    char *copy = malloc(count + 1);
    if (!copy) return NULL;
    memcpy(copy, text, count);
    copy[count] = 0;
    return copy;
}

static void report(cxml_document *document, int32_t line, const char *element, const char *message) {
    if (document->count >= maximum_diagnostics) return;
    diagnostic *entry = &document->diagnostics[document->count];
    entry->message = copy_text(message, maximum_message);
    if (!entry->message) return;
    size_t count = strlen(entry->message);
    while (count > 0 && (entry->message[count - 1] == '\n' || entry->message[count - 1] == ' ')) entry->message[--count] = 0;
    entry->element = element ? copy_text(element, 100) : NULL;
    entry->line = line;
    document->count += 1;
}

static void collect(cxml_document *document, error_pointer error) {
    const char *element = NULL;
    if (error->domain == XML_FROM_SCHEMASV && error->node) element = (const char *)((xmlNodePtr)error->node)->name;
    report(document, error->line, element, error->message ? error->message : "not well-formed");
}

static void on_parser_error(void *data, error_pointer error) {
    xmlParserCtxtPtr context = data;
    collect(context->_private, error);
}

static void on_schema_error(void *data, error_pointer error) { collect(data, error); }

static void refuse(xmlParserCtxtPtr context, const char *element, const char *message) {
    report(context->_private, (int32_t)xmlSAX2GetLineNumber(context), element, message);
    xmlStopParser(context);
}

static void on_doctype(void *data, const xmlChar *name, const xmlChar *identifier, const xmlChar *system) {
    (void)name, (void)identifier, (void)system;
    refuse(data, NULL, "a DOCTYPE is not allowed: no DTD and no entity is ever read");
}

static void on_instruction(void *data, const xmlChar *target, const xmlChar *content) {
    (void)target, (void)content;
    refuse(data, NULL, "a processing instruction is not allowed");
}

static void on_element(void *data, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int namespaces,
                       const xmlChar **declared, int attributes, int defaulted, const xmlChar **values) {
    xmlParserCtxtPtr context = data;
    cxml_document *document = context->_private;
    if (context->nodeNr >= document->maximum_depth) {
        refuse(context, (const char *)name, "nested too deep");
        return;
    }
    if (attributes > document->maximum_attributes || namespaces > 4) {
        refuse(context, (const char *)name, "too many attributes");
        return;
    }
    for (int i = 0; i < attributes; i++) {
        const xmlChar *space = values[5 * i + 2];
        if (space && xmlStrEqual(space, BAD_CAST "http://www.w3.org/2001/XMLSchema-instance")) {
            refuse(context, (const char *)name,
                   "attributes of the XMLSchema-instance namespace are not allowed: the schema is fixed and no schema location is followed");
            return;
        }
    }
    xmlSAX2StartElementNs(data, name, prefix, uri, namespaces, declared, attributes, defaulted, values);
}

static void parse(cxml_document *document, const uint8_t *bytes, size_t count) {
    xmlParserCtxtPtr context = xmlNewParserCtxt();
    if (!context) {
        report(document, 0, NULL, "out of memory");
        return;
    }
    context->_private = document;
    context->sax->serror = on_parser_error;
    context->sax->internalSubset = on_doctype;
    context->sax->processingInstruction = on_instruction;
    context->sax->startElementNs = on_element;
    int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_BIG_LINES | XML_PARSE_NOCDATA;
    xmlDocPtr tree = xmlCtxtReadMemory(context, (const char *)bytes, (int)count, NULL, NULL, options);
    const xmlChar *encoding = tree ? tree->encoding : NULL;
    if (encoding && xmlStrcasecmp(encoding, BAD_CAST "UTF-8") != 0) {
        report(document, 1, NULL, "the encoding has to be UTF-8");
    }
    if (!context->wellFormed && document->count == 0) report(document, 0, NULL, "the document is not well-formed XML");
    if (!tree && document->count == 0) report(document, 0, NULL, "the document is empty or not XML");
    document->tree = tree;
    xmlFreeParserCtxt(context);
}

static void validate(cxml_document *document, const uint8_t *schema, size_t count) {
    xmlSchemaParserCtxtPtr reader = xmlSchemaNewMemParserCtxt((const char *)schema, (int)count);
    if (!reader) {
        report(document, 0, NULL, "out of memory");
        return;
    }
    xmlSchemaSetParserStructuredErrors(reader, on_schema_error, document);
    xmlSchemaPtr rules = xmlSchemaParse(reader);
    xmlSchemaFreeParserCtxt(reader);
    if (!rules) {
        report(document, 0, NULL, "the schema itself cannot be read");
        return;
    }
    xmlSchemaValidCtxtPtr check = xmlSchemaNewValidCtxt(rules);
    if (check) {
        xmlSchemaSetValidStructuredErrors(check, on_schema_error, document);
        int outcome = xmlSchemaValidateDoc(check, document->tree);
        if (outcome != 0 && document->count == 0) report(document, 0, NULL, "the document does not follow the schema");
        xmlSchemaFreeValidCtxt(check);
    } else {
        report(document, 0, NULL, "out of memory");
    }
    xmlSchemaFree(rules);
}

cxml_document *cxml_load(const uint8_t *bytes, size_t count, const uint8_t *schema, size_t schema_count,
                         int32_t maximum_depth, int32_t maximum_attributes) {
    pthread_once(&once, initialise);
    cxml_document *document = calloc(1, sizeof *document);
    if (!document) return NULL;
    document->diagnostics = calloc(maximum_diagnostics, sizeof *document->diagnostics);
    if (!document->diagnostics) {
        free(document);
        return NULL;
    }
    document->maximum_depth = maximum_depth;
    document->maximum_attributes = maximum_attributes;
    if (count > INT32_MAX || schema_count > INT32_MAX) {
        report(document, 0, NULL, "the document is too large");
        return document;
    }
    parse(document, bytes, count);
    if (document->count == 0 && schema) validate(document, schema, schema_count);
    return document;
}

void cxml_free(cxml_document *document) {
    if (!document) return;
    if (document->tree) xmlFreeDoc(document->tree);
    for (size_t i = 0; i < document->count; i++) {
        free(document->diagnostics[i].message);
        free(document->diagnostics[i].element);
    }
    free(document->diagnostics);
    free(document);
}

size_t cxml_diagnostic_count(const cxml_document *document) { return document->count; }
int32_t cxml_diagnostic_line(const cxml_document *document, size_t index) { return document->diagnostics[index].line; }
const char *cxml_diagnostic_message(const cxml_document *document, size_t index) {
    return document->diagnostics[index].message;
}
const char *cxml_diagnostic_element(const cxml_document *document, size_t index) {
    return document->diagnostics[index].element;
}

static const cxml_element *element_from(xmlNodePtr node) {
    while (node && node->type != XML_ELEMENT_NODE) node = node->next;
    return (const cxml_element *)node;
}

const cxml_element *cxml_root(const cxml_document *document) {
    return document->tree ? (const cxml_element *)xmlDocGetRootElement(document->tree) : NULL;
}
const cxml_element *cxml_first_child(const cxml_element *element) { return element_from(((xmlNodePtr)element)->children); }
const cxml_element *cxml_next_sibling(const cxml_element *element) { return element_from(((xmlNodePtr)element)->next); }
const char *cxml_name(const cxml_element *element) { return (const char *)((xmlNodePtr)element)->name; }
int32_t cxml_line(const cxml_element *element) { return (int32_t)xmlGetLineNo((xmlNodePtr)element); }

char *cxml_text(const cxml_element *element) {
    xmlBufferPtr buffer = xmlBufferCreate();
    if (!buffer) return NULL;
    for (xmlNodePtr node = ((xmlNodePtr)element)->children; node; node = node->next) {
        if ((node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) && node->content) {
            xmlBufferCat(buffer, node->content);
        }
    }
    const char *content = (const char *)xmlBufferContent(buffer);
    char *copy = copy_text(content ? content : "", SIZE_MAX / 2);
    xmlBufferFree(buffer);
    return copy;
}

static xmlAttrPtr attribute_at(const cxml_element *element, size_t index) {
    xmlAttrPtr attribute = ((xmlNodePtr)element)->properties;
    while (attribute && index > 0) {
        attribute = attribute->next;
        index -= 1;
    }
    return attribute;
}

size_t cxml_attribute_count(const cxml_element *element) {
    size_t count = 0;
    for (xmlAttrPtr attribute = ((xmlNodePtr)element)->properties; attribute; attribute = attribute->next) count += 1;
    return count;
}

const char *cxml_attribute_name(const cxml_element *element, size_t index) {
    xmlAttrPtr attribute = attribute_at(element, index);
    return attribute ? (const char *)attribute->name : NULL;
}

char *cxml_attribute_value(const cxml_element *element, size_t index) {
    xmlAttrPtr attribute = attribute_at(element, index);
    if (!attribute) return NULL;
    xmlChar *value = xmlNodeListGetString(attribute->doc, attribute->children, 1);
    char *copy = copy_text(value ? (const char *)value : "", SIZE_MAX / 2);
    if (value) xmlFree(value);
    return copy;
}

void cxml_free_text(char *text) { free(text); }
