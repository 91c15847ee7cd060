// Does what a Dockerfile says without a container engine: each stage is a folder that stands for its root, RUN runs in a
// shell of this machine with the stage's own absolute paths rewritten, COPY copies. Only what our Dockerfile uses.
import dockerignore from '@balena/dockerignore';
import { DockerfileParser, type Copy, type From, type Instruction, type JSONInstruction } from 'dockerfile-ast';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

export interface Image {
  /** Folder that stands for `/`. */
  readonly root: string;
  readonly workingDirectory: string;
  readonly env: Readonly<Record<string, string>>;
  /** As written: `1000:1000`. */
  readonly user: string;
  readonly entrypoint: readonly string[];
  readonly healthCheck: readonly string[];
  readonly volumes: readonly string[];
  readonly labels: string;
  /** A path of the image as a path of this machine. */
  path(absolute: string): string;
}

interface Stage extends Image {
  workingDirectory: string;
  env: Record<string, string>;
  user: string;
  entrypoint: string[];
  healthCheck: string[];
  volumes: string[];
  labels: string;
}

export interface BuildOptions {
  dockerfile: string;
  /** Folder that `COPY` without `--from` copies from. */
  context: string;
  /** Empty folder; a folder a stage is made in it. */
  target: string;
  /** Run for every `RUN`; the base image's programs must be found in its PATH. */
  env: NodeJS.ProcessEnv;
  /** Commands whose result this machine has already, and what puts it into the working directory instead. */
  shortcuts?: Readonly<Record<string, (folder: string) => void>>;
}

/** Top folders that our images own; other absolute paths in a command are this machine's. */
const OWN_PATH = /(?<=^|[\s='"])\/(?:app|data|image|opt|src)(?=[/\s'"]|$)/g;

const isRoot = process.getuid?.() === 0;

const newStage = (root: string): Stage => ({
  root,
  workingDirectory: '/',
  env: {},
  user: '0',
  entrypoint: [],
  healthCheck: [],
  volumes: [],
  labels: '',
  path: (absolute) => join(root, absolute),
});

const strings = (instruction: Instruction): string[] =>
  (instruction as JSONInstruction).getJSONStrings().map((argument) => argument.getJSONValue());

/** Files of a build context, relative, after its `.dockerignore`. */
const contextFiles = (context: string): string[] => {
  const rules = dockerignore.default().add(readFileSync(join(context, '.dockerignore'), 'utf8'));
  const below = (folder: string): string[] =>
    readdirSync(join(context, folder), { withFileTypes: true }).flatMap((entry) => {
      if (entry.name === 'node_modules' || entry.name === '.git') return [];
      const path = posix.join(folder, entry.name);
      return entry.isDirectory() ? below(path) : [path];
    });
  return rules.filter(below(''));
};

const put = (from: string, to: string): void => {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to, { recursive: true, verbatimSymlinks: true });
};

/** Copies a folder's content; by links to the same files where the machine can, since nobody writes to them again. */
export const putTree = (from: string, to: string): void => {
  mkdirSync(to, { recursive: true });
  try {
    execFileSync('cp', ['-a', '-l', `${from}/.`, to], { stdio: 'ignore' });
  } catch {
    put(from, to);
  }
};

/** Builds every stage and returns the last one. @throws when a step fails or is one that this cannot do */
export const buildImage = ({ dockerfile, context, target, env, shortcuts = {} }: BuildOptions): Image => {
  const stages = new Map<string, Stage>();
  let stage = newStage(target);

  const copy = (instruction: Copy): void => {
    const [source = '', destination = '', ...more] = instruction.getArguments().map((argument) => argument.getValue());
    if (more.length > 0) throw new Error('COPY with several sources is not read here');
    const to = stage.path(posix.resolve(stage.workingDirectory, destination));
    const from = instruction.getFromFlag()?.getValue();
    if (typeof from === 'string') {
      const other = stages.get(from);
      if (!other) throw new Error(`COPY --from=${from} names no stage`);
      putTree(other.path(posix.resolve('/', source)), to);
    } else {
      if (source !== '.') throw new Error(`COPY ${source} is not read here`);
      for (const file of contextFiles(context)) put(join(context, file), join(to, file));
    }
  };

  const run = (instruction: Instruction): void => {
    const cwd = stage.path(stage.workingDirectory);
    const written = (instruction.getArgumentsContent() ?? '')
      .replaceAll(/\\\r?\n/g, ' ')
      .replaceAll(/--mount=\S+ /g, '');
    const shortcut = shortcuts[written];
    if (shortcut) {
      shortcut(cwd);
      return;
    }
    const command = written
      .replaceAll(OWN_PATH, (path) => stage.path(path))
      // Who is not root can give nothing away.
      .replaceAll(/ --(?:owner|group)=\d+/g, (flag) => (isRoot ? flag : ''));
    execFileSync('sh', ['-c', command], {
      cwd,
      env: { ...env, ...stage.env, PATH: env['PATH'] },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  };

  for (const instruction of DockerfileParser.parse(dockerfile).getInstructions()) {
    const text = instruction.getArgumentsContent() ?? '';
    switch (instruction.getKeyword()) {
      case 'FROM': {
        const name = (instruction as From).getBuildStage() ?? 'image';
        stage = newStage(join(target, name));
        stages.set(name, stage);
        mkdirSync(stage.root);
        break;
      }
      case 'WORKDIR':
        stage.workingDirectory = posix.resolve(stage.workingDirectory, text);
        mkdirSync(stage.path(stage.workingDirectory), { recursive: true });
        break;
      case 'COPY':
        copy(instruction as Copy);
        break;
      case 'RUN':
        run(instruction);
        break;
      case 'ENV':
        for (const match of text.matchAll(/(\w+)=("[^"]*"|\S+)/g))
          stage.env[match[1]!] = match[2]!.replaceAll('"', '').replaceAll(OWN_PATH, (path) => stage.path(path));
        break;
      case 'USER':
        stage.user = text;
        break;
      case 'VOLUME':
        stage.volumes = text.split(/\s+/);
        break;
      case 'LABEL':
        stage.labels = text;
        break;
      case 'ENTRYPOINT':
        stage.entrypoint = strings(instruction);
        break;
      case 'HEALTHCHECK':
        stage.healthCheck = JSON.parse(/CMD\s+(\[.*\])/.exec(text)?.[1] ?? '[]') as string[];
        break;
      case 'ARG':
      case 'EXPOSE':
        break;
      default:
        throw new Error(`${instruction.getKeyword()} is not read here`);
    }
  }
  return stage;
};
