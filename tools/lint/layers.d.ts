export interface ForbiddenImport {
    /** Folder or module of the table row that forbids the import. */
    from: string
    /** Path of the imported module in the repository. */
    to: string
    /** What the row allows. */
    allowed: string[]
}

export function modulePath(file: string, name: string): string
export function findForbiddenImport(file: string, name: string): ForbiddenImport | undefined
