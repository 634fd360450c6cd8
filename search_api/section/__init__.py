"""The public section: pages, feeds, sitemap, embed block."""
