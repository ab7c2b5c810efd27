/** A priority queue with the least item first: a binary heap in an array. */
export function createHeap<T>(compare: (a: T, b: T) => number) {
  const items: T[] = []

  function siftUp(item: T, from: number): void {
    let index = from
    while (index > 0) {
      const above = (index - 1) >> 1
      const parent = items[above]
      if (parent === undefined || compare(parent, item) <= 0) break
      items[index] = parent
      index = above
    }
    items[index] = item
  }

  function siftDown(item: T): void {
    let index = 0
    for (;;) {
      const left = items[2 * index + 1]
      const right = items[2 * index + 2]
      if (left === undefined) break
      const isRight = right !== undefined && compare(right, left) < 0
      const least = isRight ? right : left
      if (compare(item, least) <= 0) break
      items[index] = least
      index = 2 * index + (isRight ? 2 : 1)
    }
    items[index] = item
  }

  return {
    push: (item: T): void => siftUp(item, items.length),
    peek: (): T | undefined => items[0],
    pop(): T | undefined {
      const [first] = items
      const last = items.pop()
      if (last !== undefined && items.length > 0) siftDown(last)
      return first
    },
  }
}
