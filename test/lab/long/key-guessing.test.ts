import { keyGuessingOn } from '../suite/key-guessing.ts';

keyGuessingOn('6.0');
keyGuessingOn('7.0');
