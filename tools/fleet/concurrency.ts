/**
 * Runs `work` on each item in order, with at most `limit` items in progress.
 * @throws the first error of `work` or of `items`, after all work in progress has ended
 */
export async function forEachConcurrent<T>(
    items: AsyncIterable<T>,
    limit: number,
    work: (item: T) => Promise<void>
): Promise<void> {
    const running = new Set<Promise<void>>()
    const errors: unknown[] = []
    try {
        for await (const item of items) {
            const task: Promise<void> = work(item)
                .catch((error: unknown) => void errors.push(error))
                .finally(() => running.delete(task))
            running.add(task)
            if (running.size >= limit) await Promise.race(running)
            if (errors.length > 0) break
        }
    } finally {
        await Promise.all(running)
    }
    if (errors.length > 0) throw errors[0]
}

/** Yields the items of all pages in order. */
export async function* flattenPages<T>(pages: AsyncIterable<T[]>): AsyncGenerator<T> {
    for await (const page of pages) yield* page
}
