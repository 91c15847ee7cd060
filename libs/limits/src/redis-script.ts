// The one script that machines run in Redis: a machine says what it holds of a key and what it wants, and is told what
// it gets. What it says replaces what was noted of it, so that a lost answer, a lost command or an emptied Redis mends
// itself with the next call.

/*
 * A hash a key, which expires when nobody speaks of the key any more:
 *
 *   m:<machine>     '<sequence> <window> <requests> <tokens> <parallel> <lease>'   what it holds, and until when (ms)
 *   window          minute of the last call
 *   limit1 … 3      requests, tokens, parallel: the limits that were last asked under
 *   spent1 … 3      minute in which a recall brought nothing, and nothing moved since
 *   denied1 … 3     how much has to come back before machines that were denied are told
 *   first, firstUntil   the machine that is kept one slot, because it has less than a fair part
 *
 * Windows and leases go by the clock of Redis. Requests and tokens of a machine count until their minute is over, its
 * slots until its lease ends.
 */
export const SLICE_SCRIPT = `
local key, me, sequence = KEYS[1], ARGV[1], tonumber(ARGV[2])
local reported_window = tonumber(ARGV[3])
local mine = { tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]) }
local want = { tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9]) }
local limits = { tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12]) }
local calls, is_final = tonumber(ARGV[13]), ARGV[14] == '1'
local window_ms, lease_ms = tonumber(ARGV[15]), tonumber(ARGV[16])
local bus, room = ARGV[17], ARGV[18]

local step_back_ms, keep_ms, slices_each = 1000, 1500, 4
local text = function(number) return string.format('%.0f', number) end
local is_report = want[1] + want[2] + want[3] == 0

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local state, machines_noted = {}, {}
local fields = redis.call('HGETALL', key)
for index = 1, #fields, 2 do
  local machine = string.match(fields[index], '^m:(.*)$')
  if machine then
    local noted = {}
    for number in string.gmatch(fields[index + 1], '%S+') do noted[#noted + 1] = tonumber(number) end
    machines_noted[machine] = { sequence = noted[1], window = noted[2], noted[3], noted[4], noted[5], lease = noted[6] }
  else
    state[fields[index]] = fields[index + 1]
  end
end

local before = machines_noted[me]
if before and before.sequence >= sequence then return {} end
machines_noted[me] = nil

local window = math.floor(now / window_ms)
local former = tonumber(state.window)
if former and window < former and former * window_ms - now <= step_back_ms then window = former end
if reported_window ~= window then mine[1], mine[2] = 0, 0 end
if before and before.window ~= window then before[1], before[2] = 0, 0 end

local changes, cleared = { 'window', text(window) }, {}
local note = function(field, value) changes[#changes + 1], changes[#changes + 2] = field, value end
local clear = function(field) cleared[#cleared + 1] = field end

local others, machines, holders, richest, most = { 0, 0, 0 }, 1, {}, '', mine[3]
for machine, noted in pairs(machines_noted) do
  local is_alive, is_current = noted.lease > now, noted.window == window
  if not is_alive and not is_current then clear('m:' .. machine) end
  if not is_current then noted[1], noted[2] = 0, 0 end
  if not is_alive then noted[3] = 0 end
  for dimension = 1, 3 do others[dimension] = others[dimension] + noted[dimension] end
  if is_alive then
    machines = machines + 1
    for dimension = 1, 3 do
      if want[dimension] > 0 and noted[dimension] > 0 then
        holders[#holders + 1] = machine
        break
      end
    end
    if noted[3] > most then richest, most = machine, noted[3] end
  end
end

local kept, is_kept_for_me = 0, state.first == me
if state.first and not is_kept_for_me and tonumber(state.firstUntil) > now then kept = 1 end

local answer = { window, (window + 1) * window_ms - now }
local is_room = false
for dimension = 1, 3 do
  local limit = is_report and tonumber(state['limit' .. dimension] or '0') or limits[dimension]
  local left = limit - others[dimension] - mine[dimension]
  local came_back = before and mine[dimension] < before[dimension]
  local denied = tonumber(state['denied' .. dimension] or '0')
  if came_back and denied > 0 and left >= denied then is_room = true end

  -- Tokens that would not do for one call are of no use to it.
  local enough = dimension == 2 and math.ceil(want[2] / math.max(1, calls)) or 1
  if dimension == 3 then left = left - kept end
  local granted = 0
  if want[dimension] > 0 and left >= math.max(1, enough) then
    granted = math.min(left, math.max(want[dimension], math.floor(left / (slices_each * machines))))
  end
  mine[dimension] = mine[dimension] + granted
  local short = want[dimension] - granted
  local is_spent = state['spent' .. dimension] == text(window)
  if came_back or granted > 0 then
    clear('spent' .. dimension)
  elseif short > 0 and is_final then
    note('spent' .. dimension, text(window))
  end
  if short > 0 then
    note('denied' .. dimension, text(denied > 0 and math.min(denied, enough) or enough))
  end
  if not is_report then note('limit' .. dimension, text(limit)) end
  answer[2 + dimension] = granted
  answer[5 + dimension] = math.floor(math.max(0, left - granted) / machines)
  answer[8 + dimension] = is_spent and 1 or 0
end

local is_starving = want[3] > answer[5] and mine[3] < math.max(1, math.floor(limits[3] / machines))
if is_starving and kept == 0 then
  note('first', me)
  note('firstUntil', text(now + keep_ms))
elseif is_kept_for_me and answer[5] > 0 then
  clear('first')
end

if is_report and mine[1] + mine[2] + mine[3] == 0 then
  clear('m:' .. me)
else
  local lease = now + lease_ms
  note('m:' .. me, table.concat({
    text(sequence), text(window), text(mine[1]), text(mine[2]), text(mine[3]), text(lease),
  }, ' '))
end
if is_room then
  for dimension = 1, 3 do clear('denied' .. dimension) end
end
-- First what a full Redis refuses: after another write it would let it pass, and be full now and then only.
redis.call('HSET', key, unpack(changes))
if #cleared > 0 then redis.call('HDEL', key, unpack(cleared)) end
redis.call('PEXPIRE', key, 2 * math.max(window_ms, lease_ms))
if is_room then redis.call('PUBLISH', bus, room) end

answer[12] = is_starving and richest or ''
for index = 1, #holders do answer[12 + index] = holders[index] end
return answer
`;

/** What the script says, in its order: see `answer` there. */
export interface SliceReply {
  readonly window: number;
  /** Until the end of that minute, when the script ran. */
  readonly msLeft: number;
  readonly granted: readonly [number, number, number];
  readonly beyond: readonly [number, number, number];
  readonly isSpent: readonly [boolean, boolean, boolean];
  /** The machine that should hand over a slot, since this one has too few; '' for none. */
  readonly debtor: string;
  /** Other machines that hold something of what was wanted. */
  readonly holders: readonly string[];
}

/** @returns undefined for what is no answer: a call that a later one overtook */
export const parseReply = (reply: readonly unknown[]): SliceReply | undefined => {
  if (reply.length < 12) return undefined;
  const [window, msLeft, ...numbers] = reply.slice(0, 11).map(Number) as [number, number, ...number[]];
  const three = (at: number) => [numbers[at]!, numbers[at + 1]!, numbers[at + 2]!] as const;
  const [requests, tokens, parallel] = three(6);
  const [debtor, ...holders] = reply.slice(11).map(String) as [string, ...string[]];
  return {
    window,
    msLeft,
    granted: three(0),
    beyond: three(3),
    isSpent: [requests === 1, tokens === 1, parallel === 1],
    debtor,
    holders,
  };
};
