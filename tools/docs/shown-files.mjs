// Pages that show files: a fence behind `<!-- file: path -->` has the file's text, so that what is shown is what is tested.
const SHOWN = /^(<!-- file: (\S+) -->\n\n```\w*\n)[\s\S]*?^```$/gm;

/** @param read path from the top folder → text of a file; throws when there is none */
export const withShownFiles = (markdown, read) =>
  markdown.replaceAll(SHOWN, (_, head, path) => `${head}${read(path).trimEnd()}\n\`\`\``);
