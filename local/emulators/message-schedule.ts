/** A message as long as it is held: hidden until `timeNextVisible`, gone at `expirationTime`. */
export interface Message {
  messageId: string
  timeNextVisible: Date
  expirationTime: Date
}

interface Entry<M> {
  time: number
  order: number
  message: M
}

/**
 * The messages of one queue, the next visible first: a binary heap, so that no call costs more
 * than O(log held). A message that is hidden again or removed leaves its old entry in the heap,
 * which is skipped when it comes up.
 */
export function createSchedule<M extends Message>() {
  const entries = new Map<string, Entry<M>>()
  let heap: Entry<M>[] = []
  let arrivals = 0

  const isCurrent = (entry: Entry<M>) => entries.get(entry.message.messageId) === entry

  /** Adds a message, or moves it to its new `timeNextVisible`; its place among equals stays. */
  function put(message: M): void {
    const order = entries.get(message.messageId)?.order ?? arrivals++
    const entry = { time: message.timeNextVisible.getTime(), order, message }
    entries.set(message.messageId, entry)
    push(heap, entry)
    if (heap.length > 2 * entries.size + 1000) heap = heap.filter(isCurrent).toSorted(compare)
  }

  /** Takes up to `count` messages that are visible at `now` out of the order; `put` them back. */
  function takeVisible(count: number, now: Date): M[] {
    const taken: M[] = []
    while (taken.length < count) {
      const first = heap[0]
      if (first === undefined || first.time > now.getTime()) break
      pop(heap)
      if (!isCurrent(first)) continue
      if (isExpired(first.message, now)) entries.delete(first.message.messageId)
      else taken.push(first.message)
    }
    return taken
  }

  /** The message, unless it is gone. */
  function get(messageId: string, now: Date): M | undefined {
    const message = entries.get(messageId)?.message
    return message === undefined || isExpired(message, now) ? undefined : message
  }

  return {
    put,
    takeVisible,
    get,
    remove: (messageId: string) => entries.delete(messageId),
    size: () => entries.size,
  }
}

function isExpired(message: Message, now: Date): boolean {
  return message.expirationTime.getTime() <= now.getTime()
}

function compare(a: Entry<unknown>, b: Entry<unknown>): number {
  return a.time - b.time || a.order - b.order
}

function push<T extends Entry<unknown>>(heap: T[], entry: T): void {
  let hole = heap.push(entry) - 1
  while (hole > 0) {
    const above = (hole - 1) >> 1
    const parent = heap[above]
    if (parent === undefined || compare(parent, entry) <= 0) break
    heap[hole] = parent
    hole = above
  }
  heap[hole] = entry
}

function pop(heap: Entry<unknown>[]): void {
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return
  let hole = 0
  for (;;) {
    const below = least(heap, 2 * hole + 1)
    const child = heap[below]
    if (child === undefined || compare(last, child) <= 0) break
    heap[hole] = child
    hole = below
  }
  heap[hole] = last
}

function least(heap: Entry<unknown>[], left: number): number {
  const [a, b] = [heap[left], heap[left + 1]]
  return a !== undefined && b !== undefined && compare(b, a) < 0 ? left + 1 : left
}
