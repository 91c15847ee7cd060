// The files of deploy/docker and the Compose file, as linters and the Compose specification's schema see them.
import { beforeAll, describe, expect, it } from '@jest/globals';
import { DCLinter } from 'dclint';
import { validate } from 'dockerfile-utils';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

describe('deploy/docker/Dockerfile', () => {
  const dockerfile = read('deploy/docker/Dockerfile');

  it('has nothing that a linter objects to', () => {
    expect(validate(dockerfile)).toEqual([]);
  });

  it('builds on one tagged base image', () => {
    const images = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image);
    expect(new Set(images)).toEqual(new Set(['node:24-slim']));
  });
});

interface Service {
  image?: string;
  profiles?: string[];
  environment?: Record<string, string>;
  labels?: Record<string, string>;
}

describe('docker-compose.yml', () => {
  let services: Record<string, Service>;

  beforeAll(() => {
    // The reader that libs/config uses; its copy is found from there.
    const { parse } = createRequire(join(ROOT, 'libs', 'config', 'package.json'))('yaml') as {
      parse: (text: string) => unknown;
    };
    ({ services } = parse(read('docker-compose.yml')) as { services: Record<string, Service> });
  });

  it('keeps the Compose specification and the linter’s rules', () => {
    const linter = new DCLinter({
      rules: {
        // The image is built here and has a name.
        'no-build-and-image': 0,
        // Services and keys stand in the order in which a reader meets them.
        'service-keys-order': 0,
        'services-alphabetical-order': 0,
      },
      quiet: true,
      debug: false,
      exclude: [],
    });
    const problems = linter
      .lintFiles([join(ROOT, 'docker-compose.yml')], false)
      .flatMap(({ messages }: { messages: unknown[] }) => messages);
    expect(problems).toEqual([]);
  });

  it('pins every image to a version', () => {
    for (const { image } of Object.values(services)) expect(image).toMatch(/:v?\d+\.\d+(\.\d+)?(-alpine)?$/);
  });

  it('holds no secret: each comes from a variable, and the master key must be given', () => {
    expect(services['gateway']?.environment?.['LITELLM_MASTER_KEY']).toMatch(/^\$\{LITELLM_MASTER_KEY:\?.+\}$/);
    const secrets = Object.values(services).flatMap(({ environment = {} }) =>
      Object.entries(environment).filter(([name]) => /PASSWORD|SECRET|KEY$/.test(name)),
    );
    expect(secrets.length).toBeGreaterThan(2);
    for (const [name, value] of secrets) expect(value).toMatch(new RegExp(`^\\$\\{${name}:(\\?.+|-)\\}$`));
  });

  it('starts PostgreSQL and Redis only under their profiles', () => {
    const always = Object.keys(services).filter((name) => services[name]?.profiles === undefined);
    expect(always).toEqual(['traefik', 'gateway']);
    expect(services['postgres']?.profiles).toEqual(['database']);
    expect(services['redis']?.profiles).toEqual(['redis']);
  });

  it('lets Traefik ask for readiness', () => {
    expect(services['gateway']?.labels).toMatchObject({
      'traefik.http.services.turnpike.loadbalancer.healthcheck.path': '/health/readiness',
    });
  });
});
