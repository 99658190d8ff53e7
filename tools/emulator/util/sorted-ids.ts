/**
 * IDs in order, for queries that walk a million of them page by page. Changes are only noted; the next query merges
 * them in, so that they cost nothing where nobody queries.
 */
export class SortedIds {
    private sorted: string[] = []
    private readonly added = new Set<string>()
    private readonly deleted = new Set<string>()

    add(id: string): void {
        this.deleted.delete(id)
        this.added.add(id)
    }

    delete(id: string): void {
        this.added.delete(id)
        this.deleted.add(id)
    }

    /** Up to `count` IDs that come after `id`; from the first when it is undefined. */
    after(id: string | undefined, count: number): string[] {
        this.merge()
        const from = id === undefined ? 0 : this.firstAfter(id)
        return this.sorted.slice(from, from + count)
    }

    private firstAfter(id: string): number {
        let low = 0
        let high = this.sorted.length
        while (low < high) {
            const middle = (low + high) >>> 1
            if (this.sorted[middle] <= id) low = middle + 1
            else high = middle
        }
        return low
    }

    private merge(): void {
        const { added, deleted } = this
        if (added.size === 0 && deleted.size === 0) return
        const news = [...added].sort()
        const merged: string[] = []
        let next = 0
        for (const id of this.sorted) {
            while (next < news.length && news[next] < id) merged.push(news[next++])
            if (!deleted.has(id) && news[next] !== id) merged.push(id)
        }
        while (next < news.length) merged.push(news[next++])
        this.sorted = merged
        added.clear()
        deleted.clear()
    }
}
