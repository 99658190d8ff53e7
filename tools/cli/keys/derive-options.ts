export interface DeriveOptions {
    from?: string
    column?: string
    groupKeyFile?: string
    out?: string
    stdout: boolean
    json: boolean
}

export const DEFAULT_COLUMN = "registrationId"
