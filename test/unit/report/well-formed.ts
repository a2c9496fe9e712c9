/**
 * Why a document is not well-formed XML, or null when it is: enough of a parser for elements, attributes, text, CDATA and the
 * declaration, which is all that a JUnit file has.
 */
export function xmlFault(xml: string): string | null {
  const illegal = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.exec(xml);
  if (illegal !== null) return `illegal character at ${illegal.index}`;
  const token =
    /<\?xml [^?]*\?>|<!\[CDATA\[[\s\S]*?\]\]>|<(\/?)([\w-]+)((?:\s+[\w-]+="[^"<]*")*)\s*(\/?)>|[^<]+/y;
  const open: string[] = [];
  let position = 0;
  while (position < xml.length) {
    token.lastIndex = position;
    const match = token.exec(xml);
    if (match === null) return `no token at ${position}: ${xml.slice(position, position + 40)}`;
    position = token.lastIndex;
    const [text, closing, name, attributes = '', empty] = match;
    if (name === undefined) {
      if (!text.startsWith('<') && /\]\]>|&(?!amp;|lt;|gt;|quot;|apos;|#\w+;)/.test(text))
        return `bad text: ${text}`;
    } else if (/&(?!amp;|lt;|gt;|quot;|apos;|#\w+;)/.test(attributes)) return `bad attributes: ${attributes}`;
    else if (closing === '/' && open.pop() !== name) return `${name} closed out of turn`;
    else if (closing === '' && empty === '') open.push(name);
  }
  return open.length === 0 ? null : `${open.join(' ')} not closed`;
}
