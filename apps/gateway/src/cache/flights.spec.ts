import { describe, expect, it } from '@jest/globals';
import { FakeResponse } from '../../test/doubles.js';
import { Flights, type Flight, type Seat } from './flights.js';

const aFlight = (): { flights: Flights; flight: Flight } => {
  const flights = new Flights();
  return { flights, flight: flights.lead('k')! };
};

describe('flights', () => {
  it('have one leader for a key, until it is over', () => {
    const { flights, flight } = aFlight();
    expect([flights.find('k'), flights.lead('k'), flights.find('other')]).toEqual([flight, undefined, undefined]);
    flight.over();
    expect(flights.find('k')).toBeUndefined();
    expect(flights.lead('k')).toBeDefined();
  });

  it('are so many and no more, and so are those who follow one', () => {
    const flights = new Flights();
    for (let count = 0; count < 10_000; count += 1) expect(flights.lead(`k${count}`)).toBeDefined();
    expect(flights.lead('one more')).toBeUndefined();
    const flight = flights.find('k0')!;
    for (let count = 0; count < 1_000; count += 1) flight.follow();
    expect(flights.find('k0')).toBeUndefined();
  });
});

describe('those who follow', () => {
  it('get the whole answer when it is there', async () => {
    const { flights, flight } = aFlight();
    const [one, other] = [flight.follow(), flight.follow()];
    flight.landed(Buffer.from('{}'));
    expect(await Promise.all([one.answer, other.answer])).toEqual([
      { body: Buffer.from('{}') },
      { body: Buffer.from('{}') },
    ]);
    expect([flights.find('k'), flight.isComplete]).toEqual([undefined, true]);
  });

  it('get nothing from one that fails', async () => {
    const { flight } = aFlight();
    const seat = flight.follow();
    flight.over();
    flight.over();
    expect([await seat.answer, flight.isComplete]).toEqual([undefined, false]);
  });

  const streamOf = async (seat: Seat): Promise<Seat> => {
    const found = await seat.answer;
    if (!found || !('stream' in found)) throw new Error('no stream');
    return found.stream;
  };

  it('read a stream that has begun, from its beginning to its end', async () => {
    const { flight } = aFlight();
    const waiting = flight.follow();
    const leader = new FakeResponse();
    const out = flight.begins(leader);
    expect(flight.begins(leader)).toBe(out);
    out.write('a');
    const late = flight.follow();
    const clients = [new FakeResponse(), new FakeResponse()];
    const ends = [(await streamOf(waiting)).read(clients[0]!), (await streamOf(late)).read(clients[1]!)];
    out.write('b');
    flight.ended({ status: 'success' });
    expect(await Promise.all(ends)).toEqual([{ status: 'success' }, { status: 'success' }]);
    expect([leader, ...clients].map(({ text }) => text)).toEqual(['ab', 'ab', 'ab']);
    flight.over();
    expect(flight.isComplete).toBe(true);
  });

  it('are told of a stream that breaks off, however it does', async () => {
    const { flight } = aFlight();
    const broken = { status: 'failure' as const, error: new Error('cut') };
    const out = flight.begins(new FakeResponse());
    const seat = flight.follow();
    out.write('a');
    flight.ended(broken);
    expect(await seat.read(new FakeResponse())).toBe(broken);

    const other = aFlight().flight;
    other.begins(new FakeResponse());
    const left = other.follow();
    other.over();
    expect(await left.read(new FakeResponse())).toMatchObject({ status: 'failure', error: { code: 'GW_STREAM_CUT' } });
  });

  it('keep it going, and the last to leave tells so', async () => {
    const { flight } = aFlight();
    let deserted = 0;
    flight.onDeserted = () => (deserted += 1);
    const leader = new FakeResponse();
    const [one, other] = [flight.follow(), flight.follow()];
    const out = flight.begins(leader);
    flight.leaderLeft();
    out.write('a');
    expect([leader.text, flight.isFollowed]).toEqual(['', true]);
    one.abort();
    one.abort();
    expect([deserted, flight.isFollowed]).toEqual([0, true]);
    other.abort();
    expect([deserted, flight.isFollowed]).toEqual([1, false]);
    expect(await other.end).toEqual({ status: 'client_closed' });
  });

  it('of one whose client left before the stream began read it all the same', async () => {
    const { flight } = aFlight();
    const seat = flight.follow();
    flight.begins(undefined).write('a');
    const client = new FakeResponse();
    void (await streamOf(seat)).read(client);
    expect(client.text).toBe('a');
  });

  it('are no more let in where too much is kept for them', () => {
    const flights = new Flights();
    const MIB = 1_048_576;
    for (let count = 0; count < 17; count += 1)
      flights
        .lead(`k${count}`)!
        .begins(undefined)
        .write('x'.repeat(4 * MIB));
    expect(flights.find('k0')).toBeUndefined();
    for (let count = 0; count < 17; count += 1) expect(flights.lead(`k${count}`)).toBeUndefined();
  });
});
