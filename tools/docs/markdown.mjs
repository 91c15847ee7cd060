// The parts of a Markdown file that can be checked: links, headings, code blocks, code in the text.

/** `{language, text, line}` of every fenced block; `line` is the fence's, from 1. */
export const fencesOf = (markdown) => {
  const fences = [];
  let open;
  markdown.split('\n').forEach((text, index) => {
    const mark = /^\s*(`{3,}|~{3,})\s*(\S*)/.exec(text);
    if (open) {
      if (mark && mark[1].startsWith(open.mark) && mark[2] === '') {
        fences.push({ language: open.language, text: open.lines.join('\n'), line: open.line });
        open = undefined;
      } else open.lines.push(text);
    } else if (mark) open = { mark: mark[1], language: mark[2], lines: [], line: index + 1 };
  });
  return fences;
};

/** The text with its code blocks blanked, so that lines keep their numbers. */
export const proseOf = (markdown) => {
  let mark;
  return markdown
    .split('\n')
    .map((text) => {
      const found = /^\s*(`{3,}|~{3,})/.exec(text)?.[1];
      if (mark) {
        if (found?.startsWith(mark)) mark = undefined;
        return '';
      }
      if (found) mark = found;
      return found ? '' : text;
    })
    .join('\n');
};

const withLines = (prose, pattern) =>
  prose
    .split('\n')
    .flatMap((text, index) => [...text.matchAll(pattern)].map((match) => ({ text: match[1], line: index + 1 })));

/** Targets of links and images in the prose. */
export const linksOf = (markdown) =>
  withLines(
    proseOf(markdown).replaceAll(/`[^`\n]*`/g, (code) => ' '.repeat(code.length)),
    /\]\(([^()\s]+)(?:\s[^)]*)?\)/g,
  );

/** Code spans in the prose. */
export const spansOf = (markdown) => withLines(proseOf(markdown), /(?<!`)`([^`\n]+)`(?!`)/g);

/** Anchors that a heading can be reached by, as code forges make them. */
export const anchorsOf = (markdown) => {
  const seen = new Map();
  return new Set(
    withLines(proseOf(markdown), /^#{1,6}\s+(.*?)\s*#*$/g).map(({ text }) => {
      const plain = text.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll(/[`*]/g, '');
      const slug = plain
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-');
      const count = seen.get(slug) ?? 0;
      seen.set(slug, count + 1);
      return count === 0 ? slug : `${slug}-${count}`;
    }),
  );
};
