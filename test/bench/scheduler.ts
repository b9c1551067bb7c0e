import { runCore } from './scheduler-core.ts';

/** npm run bench -- scheduler [core [SHAPE]] */
runCore(process.argv[3]);
