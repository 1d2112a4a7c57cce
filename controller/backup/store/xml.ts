/** As much XML as S3's and STS' answers have: elements without attributes that matter, and text. */

export function elements(xml: string, name: string): readonly string[] {
  const found = xml.matchAll(new RegExp(`<${name}(?:\\s[^>]*)?(?:/>|>([\\s\\S]*?)</${name}>)`, "g"));
  return [...found].map(([, inner]) => inner ?? "");
}

export function element(xml: string, name: string): string | undefined {
  const inner = elements(xml, name)[0];
  return inner === undefined ? undefined : unescape(inner);
}

const ENTITIES: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

function unescape(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi,
    (whole, hex?: string, decimal?: string, name?: string) =>
      hex
        ? String.fromCodePoint(parseInt(hex, 16))
        : decimal
          ? String.fromCodePoint(Number(decimal))
          : (ENTITIES[name ?? ""] ?? whole),
  );
}

export const escape = (text: string): string =>
  text.replace(/[<>&"]/g, (c) => `&${Object.entries(ENTITIES).find(([, char]) => char === c)?.[0]};`);
