"""Scrapy's settings: what is fixed stands here, what can be set comes from `DIEMBAO_*` and nowhere else.

`scrapy.cfg` names this module, so `scrapy list` and `scrapy crawl press` work; the spider fills in the rest.
"""

BOT_NAME = "diembao"
SPIDER_MODULES = ["crawlers.spiders"]

# asyncio alone: a crawl is an ordinary coroutine, and a process may run many of them.
TWISTED_REACTOR_ENABLED = False
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False
LOG_INSTALL_ROOT_HANDLER = False
LOG_ENABLED = False  # diembao.logs configures logging
STATS_DUMP = False
MEMUSAGE_ENABLED = False
# The store counts what becomes of every address; Scrapy's own numbers nobody would see.
STATS_CLASS = "scrapy.statscollectors.DummyStatsCollector"
DOWNLOADER_STATS = False
EXTENSIONS = {
    "scrapy.extensions.corestats.CoreStats": None,
    "scrapy.extensions.logcount.LogCount": None,
    "scrapy.extensions.logstats.LogStats": None,
    "scrapy.extensions.feedexport.FeedExporter": None,
    "scrapy.extensions.spiderstate.SpiderState": None,
}

DOWNLOADER = "crawlers.politeness.PoliteDownloader"
DOWNLOAD_HANDLERS = {
    "http": "crawlers.politeness.GuardedHandler",
    "https": "crawlers.politeness.GuardedHandler",
    "data": None,
    "file": None,
    "ftp": None,
    "s3": None,
}
DOWNLOADER_MIDDLEWARES = {
    "crawlers.politeness.OwnDomains": 50,
    "crawlers.politeness.ObeyRobots": 100,
    # Done by crawlers.download, by the store's own retries, or not wanted.
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
    "scrapy.downloadermiddlewares.downloadtimeout.DownloadTimeoutMiddleware": None,
    "scrapy.downloadermiddlewares.defaultheaders.DefaultHeadersMiddleware": None,
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
    "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware": None,
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    "scrapy.downloadermiddlewares.httpproxy.HttpProxyMiddleware": None,
    "scrapy.downloadermiddlewares.httpcache.HttpCacheMiddleware": None,
    "scrapy.downloadermiddlewares.useragent.UserAgentMiddleware": None,
}
# Requests are made by the queue alone: none comes of another, and every answer is looked at. The one that is left
# is asked for by redirects.
SPIDER_MIDDLEWARES = {
    "scrapy.spidermiddlewares.start.StartSpiderMiddleware": None,
    "scrapy.spidermiddlewares.httperror.HttpErrorMiddleware": None,
    "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": None,
    "scrapy.spidermiddlewares.depth.DepthMiddleware": None,
    "scrapy.spidermiddlewares.metacopy.MetaCopyDetectionMiddleware": None,
}
REDIRECT_MAX_TIMES = 5

# The queue decides how much is under way; waiting for a host's turn must not keep others from theirs.
CONCURRENT_REQUESTS = 0
CONCURRENT_REQUESTS_PER_DOMAIN = 2
DOWNLOAD_DELAY = 0
DOWNLOAD_DELAY_JITTER = 0  # a pause is a minimum
# No items pass through Scrapy; it would start a hundred idle tasks for every answer.
CONCURRENT_ITEMS = 1
