// Renders the `App` of a sample in docs/migrate-from-daily.md, which the test has `the-sample` stand for.

import { App } from 'the-sample';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

createRoot(document.querySelector('#root')).render(<StrictMode><App /></StrictMode>);
