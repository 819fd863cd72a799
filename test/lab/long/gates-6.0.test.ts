import { gatesOfStacks } from '../suite/gates-of-stacks.ts';

gatesOfStacks('6.0');
