/* Text from elsewhere, before it is shown to a person. */
#ifndef LODE_BASE_TEXT_H
#define LODE_BASE_TEXT_H

/* Length of the character at s (NUL-terminated) if it may be shown as it is, else 0: ASCII controls, C1 controls, marks that turn the direction of
 * text, and bytes that are no UTF-8 could all make a terminal or a page lie. */
int lode_text_shown(const unsigned char *s);

#endif
