/** Vitest runs this for every test file, also where files share their modules. */
import { afterAll } from 'vitest';
import { discardNodes } from './throw-away-node.ts';

afterAll(discardNodes);
