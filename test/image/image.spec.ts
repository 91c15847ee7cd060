// The container image without a container engine: built step by step as its Dockerfile says, then run as it would be.
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildImage, putTree, type Image } from './build-stages.js';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const MASTER_KEY = 'sk-image-master-key';
const DEADLINE_MS = 60_000;

jest.setTimeout(120_000);

const isRoot = process.getuid?.() === 0;
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'turnpike-image-')));
const children = new Set<ChildProcess>();
let image: Image;

/** The base image's Node, where its user can read it. */
const installNode = (file: string): void => {
  mkdirSync(dirname(file), { recursive: true });
  try {
    linkSync(process.execPath, file);
  } catch {
    copyFileSync(process.execPath, file);
  }
};

beforeAll(() => {
  chmodSync(folder, 0o755);
  const node = join(folder, 'base', 'node');
  installNode(node);
  image = buildImage({
    dockerfile: readFileSync(join(ROOT, 'deploy', 'docker', 'Dockerfile'), 'utf8'),
    context: ROOT,
    target: folder,
    env: {
      ...withoutOurs(process.env),
      PATH: [dirname(node), ...(process.env['PATH'] ?? '').split(delimiter).filter(isOutside)].join(delimiter),
      npm_config_prefer_offline: 'true',
      npm_config_loglevel: 'error',
    },
    // Installed for this checkout from the same lock file. What is shipped is installed anew, by the other command.
    shortcuts: { 'npm ci --ignore-scripts': linkInstalled },
  });
});

/** Packages lie in the top node_modules, and beside a workspace where versions differ. */
const linkInstalled = (target: string): void => {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as { packages: object };
  const folders = new Set(Object.keys(packages).flatMap((path) => /^(?:.*?\/)??node_modules(?=\/)/.exec(path) ?? []));
  for (const path of folders) putTree(join(ROOT, path), join(target, path));
};

/** Neither what npm tells its scripts nor what this test runner was started with. */
const withoutOurs = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !/^(?:npm_|NODE_OPTIONS$|NODE_ENV$|JEST_)/.test(name)));

/** Not this checkout's own tools: the stages must bring theirs. */
const isOutside = (path: string): boolean => !path.startsWith(ROOT);

afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** How the image's processes run: its user, its environment, its working directory. */
const inImage = (env: Record<string, string>): object => {
  const [uid, gid] = image.user.split(':').map(Number);
  const path = [join(folder, 'base'), '/usr/bin', '/bin'].join(delimiter);
  return {
    cwd: image.path(image.workingDirectory),
    env: { ...image.env, PATH: image.env['PATH']?.replace('${PATH}', path), ...env },
    ...(isRoot && { uid, gid }),
  };
};

const execute = (
  command: readonly string[],
  env: Record<string, string> = {},
): { code: number | null; out: string } => {
  const { status, stdout, stderr } = spawnSync(command[0]!, command.slice(1), {
    ...inImage(env),
    encoding: 'utf8',
    timeout: DEADLINE_MS,
  });
  return { code: status, out: stdout + stderr };
};

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
};

interface Container {
  url: string;
  health(): number | null;
  /** All that it said. */
  output(): string;
  /** Uids of the gateway and of what it started. */
  uids(): number[];
  stop(): Promise<number | null>;
}

/** `docker run IMAGE …args`. Resolves when the health check passes, as an orchestrator would wait. */
const runContainer = async (args: readonly string[], env: Record<string, string>): Promise<Container> => {
  const port = env['PORT'] ?? args[args.indexOf('--port') + 1]!;
  const [program, ...fixed] = image.entrypoint;
  const child = spawn(program!, [...fixed, ...args], { ...inImage(env), stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  const ended = once(child, 'exit') as Promise<[number | null]>;
  let output = '';
  child.stdout.on('data', (text: Buffer) => (output += text.toString()));
  child.stderr.on('data', (text: Buffer) => (output += text.toString()));
  const health = (): number | null => execute(image.healthCheck, { PORT: port }).code;
  const deadline = Date.now() + DEADLINE_MS;
  while (health() !== 0) {
    if (Date.now() > deadline || child.exitCode !== null) throw new Error(`The container is not healthy.\n${output}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    url: `http://127.0.0.1:${port}`,
    health,
    output: () => output,
    uids: () => [child.pid!, ...descendantsOf(child.pid!)].map(uidOf),
    stop: async () => {
      child.kill('SIGTERM');
      const [code] = await ended;
      children.delete(child);
      return code;
    },
  };
};

const descendantsOf = (pid: number): number[] => {
  const own = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).filter(Boolean).map(Number);
  return own.flatMap((child) => [child, ...descendantsOf(child)]);
};

const uidOf = (pid: number): number => statSync(`/proc/${pid}`).uid;

const ask = async (url: string, key: string): Promise<{ status: number; text: string }> => {
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'echo', messages: [{ role: 'user', content: 'Hello from the image' }] }),
  });
  return { status: answer.status, text: await answer.text() };
};

const CONFIG = `
model_list:
  - model_name: echo
    litellm_params:
      model: echo/echo
general_settings:
  master_key: os.environ/LITELLM_MASTER_KEY
`;

const mount = (path: string): (() => void) => {
  writeFileSync(image.path(path), CONFIG);
  return () => rmSync(image.path(path));
};

describe('a container', () => {
  it('takes the command lists of Compose files, answers, is healthy, and ends by SIGTERM', async () => {
    const unmount = mount('/app/config.yaml');
    const port = String(await freePort());
    const container = await runContainer(
      // The volume is at /app/config.yaml there and here in a folder that stands for the image's root.
      ['--config', image.path('/app/config.yaml'), '--port', port, '--num_workers', '2', '--keepalive_timeout', '75'],
      { LITELLM_MASTER_KEY: MASTER_KEY },
    );
    const { status, text } = await ask(container.url, MASTER_KEY);
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ choices: [{ message: { content: 'Hello from the image' } }] });
    // Until the ledger beside it has made its tables, nobody knows whose key that is.
    const deadline = Date.now() + DEADLINE_MS;
    while ((await ask(container.url, 'sk-somebody-else')).status === 503 && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 200));
    const refused = await ask(container.url, 'sk-somebody-else');
    expect({ ...refused, output: container.output() }).toMatchObject({ status: 401 });
    if (process.platform === 'linux' && isRoot) expect(new Set(container.uids())).toEqual(new Set([1000]));
    expect(container.health()).toBe(0);
    expect(await container.stop()).toBe(0);
    expect(container.health()).toBe(1);
    unmount();
  });

  it('starts without any configuration and keeps its generated key in the volume, for its user alone', async () => {
    const port = String(await freePort());
    const container = await runContainer([], { PORT: port });
    const file = image.path('/data/master-key');
    expect((await ask(container.url, readFileSync(file, 'utf8').trim())).status).toBe(200);
    expect(lstatSync(file).mode & 0o777).toBe(0o600);
    expect(lstatSync(image.path('/data')).mode & 0o777).toBe(0o700);
    if (isRoot) expect(lstatSync(file).uid).toBe(1000);
    expect(await container.stop()).toBe(0);
  });

  it.each(['/app/litellm_config.yaml', '/app/config.yaml'])('finds %s by itself', (path) => {
    const unmount = mount(path);
    const { code, out } = execute([...image.entrypoint, 'config', 'show'], { LITELLM_MASTER_KEY: MASTER_KEY });
    unmount();
    expect(out).toContain(image.path(path));
    expect(code).toBe(0);
  });

  it('is described by the OCI labels and keeps its data in a volume', () => {
    for (const label of ['title', 'description', 'licenses', 'version', 'revision'])
      expect(image.labels).toContain(`org.opencontainers.image.${label}=`);
    expect(image.volumes).toEqual([image.env['TURNPIKE_DATA_DIR']?.slice(image.root.length)]);
  });
});

describe('its tree', () => {
  const home = (path: string): string => image.path(`/opt/turnpike/${path}`);

  it.each(['typescript', 'jest', '@swc/core', 'eslint', 'prettier', '@turnpike/plugin-testkit/dist'])(
    'is without %s, which only development needs',
    (name) => {
      expect(existsSync(home(`node_modules/${name}`))).toBe(false);
    },
  );

  it('holds every built-in plugin, and of our code only what is built', () => {
    const { plugins } = JSON.parse(readFileSync(home('deploy/bundles/standard.json'), 'utf8')) as {
      plugins: { package: string }[];
    };
    for (const { package: name } of plugins) expect(existsSync(home(`node_modules/${name}/dist/index.js`))).toBe(true);
    const ours = ['apps', 'libs', 'plugins'].flatMap((room) =>
      readdirSync(home(room), { recursive: true, encoding: 'utf8' }).filter((path) => !path.includes('node_modules')),
    );
    expect(ours.filter((path) => /\.ts$|\.spec\./.test(path))).toEqual([]);
  });

  it('carries the licence', () => {
    expect(readFileSync(home('LICENSE'), 'utf8')).toContain('Apache License');
  });

  it('has a size that is told', () => {
    const bytes = sizeOf(home(''));
    process.stdout.write(`image: ${Math.round(bytes / 1e6)} MB beside the base image\n`);
    expect(bytes).toBeLessThan(200e6);
  });
});

/** Links count as nothing. */
const sizeOf = (path: string): number =>
  readdirSync(path, { withFileTypes: true }).reduce((sum, entry) => {
    const inner = join(path, entry.name);
    return sum + (entry.isDirectory() ? sizeOf(inner) : entry.isFile() ? lstatSync(inner).size : 0);
  }, 0);
