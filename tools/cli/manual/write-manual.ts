// `npm run manual`: generates docs/reference/commands.md and docs/reference/errors.md.
import { fileURLToPath } from "node:url"
import { newProgram } from "../main.js"
import { writeOutputFile } from "../output-files.js"
import { errorsPage } from "./errors-page.js"
import { manualPage } from "./manual-page.js"

const pageFile = (name: string) =>
    fileURLToPath(new URL(`../../../docs/reference/${name}.md`, import.meta.url))

writeOutputFile(pageFile("commands"), manualPage(newProgram()))
writeOutputFile(pageFile("errors"), errorsPage())
