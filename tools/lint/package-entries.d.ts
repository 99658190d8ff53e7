export interface DeepImport {
    /** Folder of the imported package. */
    folder: string
    /** Names under which the package can be imported. */
    entries: string[]
}

export function entriesOf(folder: string): string[]
export function findDeepImport(file: string, name: string): DeepImport | undefined
