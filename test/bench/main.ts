// `npm run bench [-- NAME...]`: measurements without assertions.
import { benchBoards } from "./boards/bench-boards.js"
import { benchEmulator } from "./emulator/bench-emulator.js"
import { benchFeatures } from "./features.js"
import { benchFlash } from "./bench-flash.js"
import { benchEndurance } from "./bench-endurance.js"
import { benchHeap } from "./bench-heap.js"
import { benchManufacture } from "./bench-manufacture.js"
import { benchMonitor } from "./monitor/bench-monitor.js"
import { benchMutations } from "./mutations/main.js"
import { benchRollout } from "./bench-rollout.js"
import { benchRolloutCommand } from "./bench-rollout-command.js"
import { benchSize } from "./bench-size.js"

const BENCHES: Record<string, () => Promise<void>> = {
    size: benchSize,
    features: benchFeatures,
    heap: benchHeap,
    flash: benchFlash,
    emulator: benchEmulator,
    boards: benchBoards,
    mutations: benchMutations,
    endurance: benchEndurance,
    rollout: benchRollout,
    "rollout-command": benchRolloutCommand,
    manufacture: benchManufacture,
    monitor: benchMonitor,
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter(name => !(name in BENCHES))
if (unknown.length > 0) {
    console.error(`Unknown benchmark ${unknown.join(", ")}. Available: ${Object.keys(BENCHES).join(", ")}.`)
    process.exitCode = 2
} else {
    for (const name of wanted.length > 0 ? wanted : Object.keys(BENCHES)) await BENCHES[name]()
}
