/**
 * As much XML as S3's and STS' answers have: elements without attributes that matter, and text. In one pass over the
 * text, whatever stands in it, and without a tree: a page of a listing is to be read within the job's small heap.
 */

export function elements(xml: string, name: string): readonly string[] {
  const found: string[] = [];
  const [begin, end] = [`<${name}`, `</${name}>`];
  for (let at = xml.indexOf(begin); at >= 0; at = xml.indexOf(begin, at)) {
    at += begin.length;
    // The beginning of a longer name otherwise.
    if (!/[\s/>]/.test(xml.charAt(at))) continue;
    const head = xml.indexOf(">", at);
    if (head < 0) break;
    at = head + 1;
    if (xml.charAt(head - 1) === "/") {
      found.push("");
      continue;
    }
    const close = xml.indexOf(end, at);
    // Then no other of this name is closed either.
    if (close < 0) break;
    found.push(xml.slice(at, close));
    at = close + end.length;
  }
  return found;
}

export function element(xml: string, name: string): string | undefined {
  const inner = elements(xml, name)[0];
  return inner === undefined ? undefined : unescape(inner);
}

const ENTITIES: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

function unescape(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi,
    (whole, hex?: string, decimal?: string, name?: string) => {
      if (name !== undefined) return ENTITIES[name] ?? whole;
      const code = hex === undefined ? Number(decimal) : parseInt(hex, 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}

export const escape = (text: string): string =>
  text.replace(/[<>&"]/g, (c) => `&${Object.entries(ENTITIES).find(([, char]) => char === c)?.[0]};`);
