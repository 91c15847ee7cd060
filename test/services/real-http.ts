// A host's HTTP client that reaches real servers: for plugins that are tried alone.

interface Asked {
  method?: string;
  url: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  signal?: AbortSignal;
}

interface Answered {
  status: number;
  headers: Record<string, string>;
  body: Uint8Array;
}

export const realHttp = {
  async request({ url, method = 'GET', headers = {}, body, signal }: Asked): Promise<Answered> {
    const answer = await fetch(url, {
      method,
      headers,
      redirect: 'manual',
      ...(body !== undefined && { body: body as string }),
      ...(signal && { signal }),
    });
    const bytes = new Uint8Array(await answer.arrayBuffer());
    return { status: answer.status, headers: Object.fromEntries(answer.headers), body: bytes };
  },
};
