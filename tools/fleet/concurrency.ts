/** Runs `work` on each item, no more than `limit` at once, in order. @throws the first error, once no work is under way */
export async function forEachConcurrent<T>(
    items: AsyncIterable<T>,
    limit: number,
    work: (item: T) => Promise<void>
): Promise<void> {
    const running = new Set<Promise<void>>()
    const errors: unknown[] = []
    try {
        for await (const item of items) {
            const one: Promise<void> = work(item)
                .catch((error: unknown) => void errors.push(error))
                .finally(() => running.delete(one))
            running.add(one)
            if (running.size >= limit) await Promise.race(running)
            if (errors.length > 0) break
        }
    } finally {
        await Promise.all(running)
    }
    if (errors.length > 0) throw errors[0]
}

/** The items of pages, one by one. */
export async function* itemsOf<T>(pages: AsyncIterable<T[]>): AsyncGenerator<T> {
    for await (const page of pages) yield* page
}
