document.title = 'Longleaf';
